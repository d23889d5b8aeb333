using ResizeLora.Adapters;
using ResizeLora.Adapters.Types;
using ResizeLora.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Baseline;

/// <summary>
/// Resizes a LoRA as the original does, by one threshold for σ over the spectral norm of the base layer: all layers one
/// after the other, all factors in memory, then selected, cast and saved. No hashes, and nothing waits for the disk.
/// </summary>
/// <param name="spectralNorms">Of the base layer, for the name of each layer.</param>
/// <param name="threshold">The least log₁₀ of the ratio that is kept.</param>
internal sealed class BaselineResize(IReadOnlyDictionary<string, double> spectralNorms, double threshold)
{
    /// <returns>The sum of the ranks of all layers that are left.</returns>
    public int Run(string source, string target)
    {
        using DisposeScope scope = NewDisposeScope();
        var decomposed = new List<(AdapterLayer Layer, BaselineDecomposition Decomposition)>();
        using (SafetensorsFile file = SafetensorsFile.Open(source))
        {
            foreach (AdapterLayer layer in AdapterContents.Read(file.Header, source).Layers)
                decomposed.Add((layer, Decompose(file, layer)));
        }

        var tensors = new Dictionary<string, (TensorSpec Spec, Tensor Content)>(StringComparer.Ordinal);
        int rank = 0;
        foreach ((AdapterLayer layer, BaselineDecomposition decomposition) in decomposed)
        {
            int kept = CountKept(layer, decomposition);
            rank += kept;
            if (kept > 0)
                Add(tensors, layer, kept, decomposition.Truncate(kept));
        }

        Save(tensors, target);
        return rank;
    }

    private static BaselineDecomposition Decompose(SafetensorsFile file, AdapterLayer layer)
    {
        using DisposeScope scope = NewDisposeScope();
        double alpha = TensorInput.Read(file, layer.Alpha!).item<float>();
        BaselineDecomposition decomposition = BaselineDecomposition.Of(
            TensorInput.Read(file, layer.Tensors[TensorRole.Up]),
            TensorInput.Read(file, layer.Tensors[TensorRole.Down]),
            alpha / layer.Rank);
        decomposition.U.MoveToOuterDisposeScope();
        decomposition.Sigma.MoveToOuterDisposeScope();
        decomposition.Vt.MoveToOuterDisposeScope();
        return decomposition;
    }

    private int CountKept(AdapterLayer layer, BaselineDecomposition decomposition)
    {
        double norm = spectralNorms[layer.Name];
        return decomposition.Sigma.data<float>().Count(value => Math.Log10(value / norm) >= threshold);
    }

    private static void Add(
        Dictionary<string, (TensorSpec Spec, Tensor Content)> tensors,
        AdapterLayer layer,
        int rank,
        (Tensor Up, Tensor Down) factors)
    {
        AddTensor(layer.Written.Up, factors.Up);
        AddTensor(layer.Written.Down, factors.Down);
        AddTensor(layer.Alpha!.Name, tensor((float)rank, ScalarType.Float16));

        void AddTensor(string name, Tensor content) =>
            tensors.Add(name, (new TensorSpec(name, SafetensorsDType.F16, content.shape), content));
    }

    private static void Save(Dictionary<string, (TensorSpec Spec, Tensor Content)> tensors, string target)
    {
        SafetensorsLayout layout = SafetensorsLayout.Create(tensors.Values.Select(tensor => tensor.Spec));
        using FileStream stream = File.Create(target, bufferSize: 1 << 20);
        stream.Write(layout.Header(metadata: null));
        foreach (TensorInfo tensor in layout.Tensors)
            stream.Write(tensors[tensor.Name].Content.bytes);
    }
}
