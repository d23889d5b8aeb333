using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Decomposition;

namespace ResizeLora.Pipeline;

/// <summary>The work on one file whose layers came through the pipeline.</summary>
/// <param name="Path">The file.</param>
/// <param name="Checkpoint">What its layers are compared with, if with anything.</param>
/// <param name="Items">Each recipe with the layers that it is attached to.</param>
internal sealed record LayerTask(string Path, CheckpointFiles? Checkpoint, IReadOnlyList<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> Items);

/// <summary>The layers of one call, and copies of layers, which are restored when all have come.</summary>
internal sealed class LayerInputs(JobSettings settings, CheckpointFiles? checkpoint, LayerRestorer restorer, IPipelineObserver observer)
{
    private readonly List<DecomposedLayer> _layers = [];
    private readonly List<LayerReference> _copies = [];
    private string? _offered;

    /// <summary>Takes a layer.</summary>
    public void Add(DecomposedLayer layer)
    {
        if (IsWanted(layer.Name))
            _layers.Add(layer);
    }

    /// <summary>Takes a copy of a layer.</summary>
    public void Add(LayerReference copy)
    {
        if (IsWanted(copy.Name))
            _copies.Add(copy);
    }

    /// <summary>What is to be done, file by file.</summary>
    /// <exception cref="ResizeLoraException">A recipe compares with a checkpoint, and there is none.</exception>
    public IReadOnlyList<LayerTask> Tasks()
    {
        if (_offered is not null && _layers.Count == 0 && _copies.Count == 0)
            observer.Warning($"Nothing was done: none of the layers in the pipeline, such as '{_offered}', matches {settings.Pipeline.Layers}.");

        // They are compared with the checkpoint later, as layers that were kept are.
        _layers.AddRange(restorer.Restore(_copies, checkpoint: null, needsRecipes: settings.Recipes is null));
        return [.. _layers.GroupBy(layer => layer.Path, StringComparer.Ordinal).Select(TaskOf)];
    }

    /// <summary>Whether a layer is wanted; one that does not tell its name is, until it is refused for that.</summary>
    private bool IsWanted(string layer)
    {
        _offered ??= layer;
        return layer.Length == 0 || settings.Pipeline.Layers?.IsWanted(layer) != false;
    }

    /// <summary>Layers are compared with the checkpoint that the user names, or with the one that they remember.</summary>
    private LayerTask TaskOf(IGrouping<string, DecomposedLayer> file)
    {
        List<(DecomposedLayer Layer, ResizeRecipe Recipe)> pairs = [.. file.SelectMany(layer => RecipesOf(layer).Select(recipe => (layer, recipe)))];
        CheckpointFiles? ofFile = checkpoint;
        foreach ((DecomposedLayer layer, ResizeRecipe recipe) in pairs.Where(pair => pair.Recipe.NeedsCheckpoint || pair.Layer.Source.Layer.NeedsBase))
        {
            ofFile ??= layer.Source.Checkpoint is { } known ? CheckpointFiles.Find(known.Paths) : null;
            if (ofFile is null && recipe.NeedsCheckpoint)
                throw JobErrors.CheckpointNeeded(recipe);
        }

        // In the order of names, as from a file: where scores are equal, it decides.
        return new LayerTask(file.Key, ofFile,
        [
            .. pairs
                .GroupBy(pair => pair.Recipe, pair => pair.Layer)
                .Select(group => (group.Key, (IReadOnlyList<DecomposedLayer>)[.. group.DistinctBy(layer => layer.Name).OrderBy(layer => layer.Name, StringComparer.Ordinal)])),
        ]);
    }

    private ResizeRecipe[] RecipesOf(DecomposedLayer layer)
    {
        ResizeRecipe[] recipes = [.. layer.Recipes.Concat(settings.Recipes ?? []).Distinct()];
        return recipes.Length > 0 ? recipes : [ResizeRecipe.Default];
    }
}
