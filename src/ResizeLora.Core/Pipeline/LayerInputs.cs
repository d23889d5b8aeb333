using ResizeLora.Pairing;

namespace ResizeLora.Pipeline;

/// <summary>The work on one file whose layers came through the pipeline.</summary>
/// <param name="Path">The file.</param>
/// <param name="Checkpoint">What its layers are compared with, if with anything.</param>
/// <param name="IsCheckpointNamed">Whether the user names it in this call, or the layers remember it.</param>
/// <param name="Items">Each recipe with the layers that it is attached to.</param>
internal sealed record LayerTask(string Path, CheckpointFiles? Checkpoint, bool IsCheckpointNamed, IReadOnlyList<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> Items);

/// <summary>The layers of one call, and copies of layers, which are restored when all have come.</summary>
internal sealed class LayerInputs(JobSettings settings, CheckpointFiles? checkpoint, LayerRestorer restorer, IPipelineObserver observer)
{
    private readonly List<DecomposedLayer> _layers = [];
    private readonly List<LayerReference> _copies = [];

    /// <summary>Takes a layer.</summary>
    public void Add(DecomposedLayer layer) => _layers.Add(layer);

    /// <summary>Takes a copy of a layer.</summary>
    public void Add(LayerReference copy) => _copies.Add(copy);

    /// <summary>Those of some copies that are wanted; one that does not tell its name is, until it is refused for that.</summary>
    public static IEnumerable<LayerReference> Wanted(IEnumerable<LayerReference> copies, LayerFilter? filter) => filter is null ? copies : copies
        .GroupBy(copy => (copy.Path, IsNamed: copy.Name.Length > 0))
        .SelectMany(file => file.Key.IsNamed ? filter.Wanted([.. file], copy => copy.Name) : [.. file]);

    /// <summary>What is to be done, file by file.</summary>
    /// <exception cref="ResizeLoraException">A recipe compares with a checkpoint, and there is none.</exception>
    public IReadOnlyList<LayerTask> Tasks()
    {
        LayerFilter? filter = settings.Pipeline.Layers;
        List<DecomposedLayer> layers = filter is null ? _layers : [.. _layers.GroupBy(layer => layer.Path, StringComparer.Ordinal).SelectMany(file => filter.Wanted([.. file], layer => layer.Name))];
        LayerReference[] copies = [.. Wanted(_copies, filter)];
        if ((_layers.FirstOrDefault()?.Name ?? _copies.FirstOrDefault()?.Name) is { } offered && layers.Count == 0 && copies.Length == 0)
            observer.Warning($"Nothing was done: none of the layers in the pipeline, such as '{offered}', matches {filter}.");

        // They are compared with the checkpoint later, as layers that were kept are.
        layers = [.. layers, .. restorer.Restore(copies, checkpoint: null, needsRecipes: settings.Recipes is null)];
        return [.. layers.GroupBy(layer => layer.Path, StringComparer.Ordinal).Select(TaskOf)];
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
                throw PipelineFault.CheckpointNeeded(recipe);
        }

        // In the order of names, as from a file: where scores are equal, it decides.
        return new LayerTask(file.Key, ofFile, checkpoint is not null,
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
