using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;

namespace ResizeLora.Pipeline;

/// <summary>The work on one adapter.</summary>
/// <param name="Path">The file, or the folder of PEFT's.</param>
internal sealed record AdapterTask(string Path)
{
    /// <summary>The layers that came through the shell's pipeline, null for all that the file has and the user wants.</summary>
    public IReadOnlyList<LayerReference>? Layers { get; init; }

    /// <summary>Whether it has copies of layers, which only the work on them shows to be good.</summary>
    public bool HasCopies => Layers?.Any(layer => layer.Known is null) == true;

    /// <summary>The recipes, each with the names of the layers that it chooses among; null for all.</summary>
    public IReadOnlyList<(ResizeRecipe Recipe, IReadOnlySet<string>? Layers)> Outputs { get; init; } = [];

    /// <summary>What the layers are compared with; null for nothing.</summary>
    public CheckpointFiles? Checkpoint { get; init; }

    /// <summary>All layers of a file by each of some recipes.</summary>
    public static AdapterTask OfFile(string path, IEnumerable<ResizeRecipe> recipes, CheckpointFiles? checkpoint = null) => new(path)
    {
        Outputs = [.. recipes.Select(recipe => (recipe, (IReadOnlySet<string>?)null))],
        Checkpoint = checkpoint,
    };

    /// <summary>Layers of one file; each recipe with those that it is attached to.</summary>
    public static AdapterTask OfLayers(string path, IReadOnlyList<(ResizeRecipe Recipe, LayerReference Layer)> layers, CheckpointFiles? checkpoint = null) => new(path)
    {
        // In the order of names, as from a file: where scores are equal, it decides.
        Layers = [.. layers.Select(pair => pair.Layer).DistinctBy(layer => layer.Name, StringComparer.Ordinal).OrderBy(layer => layer.Name, StringComparer.Ordinal)],
        Outputs = [.. layers
            .GroupBy(pair => pair.Recipe, pair => pair.Layer.Name)
            .Select(group => (group.Key, (IReadOnlySet<string>?)group.ToHashSet(StringComparer.Ordinal)))],
        Checkpoint = checkpoint,
    };
}
