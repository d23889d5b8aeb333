using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Decomposition;

namespace ResizeLora.Pipeline;

/// <summary>The layers of one call, and copies of layers: which of them are wanted and can be used, and what is to be done with them.</summary>
internal sealed class LayerInputs(ResizeOptions options, CheckpointFiles? checkpoint, IReporter reporter)
{
    private readonly List<LayerReference> _layers = [];

    /// <summary>Takes a layer.</summary>
    public void Add(LayerReference layer) => _layers.Add(layer);

    /// <summary>The requested layers, file by file, without files with an unusable copy; these are reported.</summary>
    /// <param name="needRecipes">Whether they must say which recipes are attached to them.</param>
    public IEnumerable<(string Path, IReadOnlyList<LayerReference> Layers)> ByFile(bool needRecipes)
    {
        List<(string Path, IReadOnlyList<LayerReference> Layers)> files =
            [.. _layers.GroupBy(layer => layer.Path, (path, layers) => (path, Wanted([.. layers])), StringComparer.Ordinal).Where(file => file.Item2.Count > 0)];
        if (_layers.Count > 0 && files.Count == 0)
            reporter.Warning($"Nothing was done: none of the layers in the pipeline, such as '{_layers[0].Name}', matches {options.Layers}.");

        foreach ((string path, IReadOnlyList<LayerReference> layers) in files)
        {
            bool areUsable = true;
            try
            {
                foreach (LayerReference layer in layers)
                    layer.EnsureUsable(needRecipes);
            }
            catch (ResizeLoraException exception)
            {
                reporter.Error(exception);
                areUsable = false;
            }

            if (areUsable)
                yield return (path, layers);
        }
    }

    /// <summary>The tasks that resize them.</summary>
    /// <exception cref="ResizeLoraException">A recipe compares with a checkpoint, and there is none.</exception>
    public IReadOnlyList<AdapterTask> Tasks() => [.. ByFile(needRecipes: options.Recipes is null).Select(file => TaskOf(file.Path, file.Layers))];

    /// <summary>Layers are compared with the checkpoint that the user names, or with the one that they remember.</summary>
    private AdapterTask TaskOf(string path, IReadOnlyList<LayerReference> layers)
    {
        List<(ResizeRecipe Recipe, LayerReference Layer)> pairs = [.. layers.SelectMany(layer => RecipesOf(layer).Select(recipe => (recipe, layer)))];
        CheckpointFiles? ofFile = checkpoint;
        foreach ((ResizeRecipe recipe, LayerReference layer) in pairs.Where(pair => pair.Recipe.NeedsCheckpoint || pair.Layer.Known?.Source.Layer.NeedsBase == true))
        {
            ofFile ??= layer.Checkpoint.Count > 0 ? CheckpointFiles.Find(layer.Checkpoint) : null;
            if (ofFile is null && recipe.NeedsCheckpoint)
                throw JobErrors.CheckpointNeeded(recipe);
        }

        return AdapterTask.OfLayers(path, pairs, ofFile);
    }

    /// <summary>The requested layers of a file; one without a name is included, and refused later.</summary>
    private IReadOnlyList<LayerReference> Wanted(IReadOnlyList<LayerReference> layers) => options.Layers is not { } filter
        ? layers
        : [.. layers.Where(layer => layer.Name.Length == 0), .. filter.Wanted([.. layers.Where(layer => layer.Name.Length > 0)], layer => layer.Name)];

    private ResizeRecipe[] RecipesOf(LayerReference layer)
    {
        ResizeRecipe[] recipes = [.. (layer.Recipes ?? []).Concat(options.Recipes ?? []).Distinct()];
        return recipes.Length > 0 ? recipes : [ResizeRecipe.Default];
    }
}
