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
        foreach (IGrouping<string, LayerReference> file in _layers.GroupBy(layer => layer.Path, StringComparer.Ordinal))
        {
            LayerReference[] layers = Wanted([.. file]);
            bool areUsable = layers.Length > 0;
            try
            {
                Array.ForEach(layers, layer => layer.EnsureUsable(needRecipes));
            }
            catch (ResizeLoraException exception)
            {
                reporter.Error(exception);
                areUsable = false;
            }

            if (areUsable)
                yield return (file.Key, layers);
        }
    }

    /// <summary>The tasks that resize them.</summary>
    /// <exception cref="ResizeLoraException">A recipe compares with a checkpoint, and there is none.</exception>
    public IReadOnlyList<AdapterTask> Tasks()
    {
        if (_layers.Count > 0 && _layers.GroupBy(layer => layer.Path, StringComparer.Ordinal).All(file => Wanted([.. file]).Length == 0))
            reporter.Warning($"Nothing was done: none of the layers in the pipeline, such as '{_layers[0].Name}', matches {options.Layers}.");
        return [.. ByFile(needRecipes: options.Recipes is null).Select(file => TaskOf(file.Path, file.Layers))];
    }

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
    private LayerReference[] Wanted(LayerReference[] layers)
    {
        if (options.Layers is not { } filter)
            return layers;

        HashSet<LayerReference> wanted = [.. filter.Wanted([.. layers.Where(layer => layer.Name.Length > 0)], layer => layer.Name)];
        return Array.FindAll(layers, layer => layer.Name.Length == 0 || wanted.Contains(layer));
    }

    private ResizeRecipe[] RecipesOf(LayerReference layer)
    {
        ResizeRecipe[] recipes = [.. (layer.Recipes ?? []).Concat(options.Recipes ?? []).Distinct()];
        return recipes.Length > 0 ? recipes : [ResizeRecipe.Default];
    }
}
