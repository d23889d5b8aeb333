using ResizeLora.Decomposition;
using ResizeLora.Pipeline;

namespace ResizeLora.Testing;

/// <summary>What a job asks of the pipeline, in a word each.</summary>
internal static class PipelineCalls
{
    /// <summary>Decomposes all layers of a file that are wanted.</summary>
    public static IEnumerable<DecomposedLayer> Decompose(this ResizePipeline pipeline, string path) => pipeline.Decompose(new AdapterTask(path));

    /// <summary>Resizes a file.</summary>
    public static IEnumerable<ResizeResult> Resize(this ResizePipeline pipeline, string path, IEnumerable<ResizeRecipe> recipes) =>
        pipeline.Resize(AdapterTask.OfFile(path, recipes));

    /// <summary>Resizes layers of a file that were decomposed earlier; each recipe with the layers that it is attached to.</summary>
    public static IEnumerable<ResizeResult> Resize(this ResizePipeline pipeline, string path, IEnumerable<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> work) =>
        pipeline.Resize(AdapterTask.OfLayers(path, [.. work.SelectMany(item => item.Layers.Select(layer => (item.Recipe, LayerReference.Of(layer))))]));
}
