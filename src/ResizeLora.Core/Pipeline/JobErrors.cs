using ResizeLora.Recipes;

namespace ResizeLora.Pipeline;

/// <summary>Every error about the options of a call, worded in one place.</summary>
internal static class JobErrors
{
    private static readonly string[] KeysWithoutCheckpoint = [.. RecipeKey.All.OfType<ScoreReference>().Where(key => !key.NeedsCheckpoint).Select(key => key.Name)];

    public static ResizeLoraException PathIsLayer() =>
        new("PathIsLayer", FaultKind.InvalidArgument, null, "These are layers, not paths of files. Pass layers through the pipeline or with -InputObject.");

    public static ResizeLoraException RankNeedsAlpha(int rank, ResizePrecision precision) =>
        new("RankOptionConflict", FaultKind.InvalidArgument, precision, $"-Rank {rank} makes alpha the rank in every layer, but -Precision {precision} needs alpha for the scale of each layer. Use -Precision Float16, or -MaxRank {rank} instead of -Rank.");

    public static ResizeLoraException CheckpointNeeded(ResizeRecipe recipe) =>
        new("CheckpointNeeded", FaultKind.InvalidArgument, recipe, $"The recipe '{recipe}' compares with the base model. Name it with -Checkpoint, or use a recipe with {string.Join(", ", KeysWithoutCheckpoint[..^1])} or {KeysWithoutCheckpoint[^1]} only, or with minimize={Objective.Error}.");
}
