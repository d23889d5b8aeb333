using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>The content of one LoRA layer, read from its file; in memory that is used again after <see cref="Dispose"/>.</summary>
internal sealed class LayerContent(AdapterLayer layer, PooledBytes up, PooledBytes down, double alpha, string digest) : IDisposable
{
    /// <summary>ΔW as scaled factors.</summary>
    public LayerFactors Factors { get; } = new(
        new StoredMatrix(layer.Up.Name, up.Memory, layer.Up.DType, layer.Rows, layer.Rank),
        new StoredMatrix(layer.Down.Name, down.Memory, layer.Down.DType, layer.Rank, layer.Columns),
        alpha / layer.Rank);

    /// <summary>Alpha; the rank where the file has none.</summary>
    public double Alpha { get; } = alpha;

    /// <summary>A <see cref="ContentDigest"/> over the bytes of the layer's tensors.</summary>
    public string Digest { get; } = digest;

    public void Dispose()
    {
        up.Dispose();
        down.Dispose();
    }
}
