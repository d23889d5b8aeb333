using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Decomposition;

namespace ResizeLora.Pipeline;

/// <summary>The layers of one call, and copies of layers: which of them are wanted and can be used, and what is to be done with them.</summary>
internal sealed class LayerInputs(ResizeOptions options, CheckpointFiles? checkpoint, IReporter reporter)
{
    private readonly List<LayerReference> _layers = [];
    private string? _offered;

    /// <summary>Takes a layer, unless the user wants others. One that does not tell its name is taken, to be refused for that.</summary>
    public void Add(LayerReference layer)
    {
        _offered ??= layer.Name;
        if (layer.Name.Length == 0 || options.Layers?.IsWanted(layer.Name) != false)
            _layers.Add(layer);
    }

    /// <summary>The layers file by file, without files of which a copy can't be used; that is reported.</summary>
    /// <param name="needRecipes">Whether they must say which recipes are attached to them.</param>
    public IEnumerable<(string Path, IReadOnlyList<LayerReference> Layers)> ByFile(bool needRecipes)
    {
        foreach (IGrouping<string, LayerReference> file in _layers.GroupBy(layer => layer.Path, StringComparer.Ordinal))
        {
            LayerReference[] layers = [.. file];
            bool areUsable = true;
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

    /// <summary>What is to be done to resize them.</summary>
    /// <exception cref="ResizeLoraException">A recipe compares with a checkpoint, and there is none.</exception>
    public IReadOnlyList<AdapterTask> Tasks()
    {
        if (_offered is not null && _layers.Count == 0)
            reporter.Warning($"Nothing was done: none of the layers in the pipeline, such as '{_offered}', matches {options.Layers}.");
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

    private ResizeRecipe[] RecipesOf(LayerReference layer)
    {
        ResizeRecipe[] recipes = [.. (layer.Recipes ?? []).Concat(options.Recipes ?? []).Distinct()];
        return recipes.Length > 0 ? recipes : [ResizeRecipe.Default];
    }
}
