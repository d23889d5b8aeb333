using ResizeLora.Adapters.Types;
using ResizeLora.Engine;

namespace ResizeLora.Decomposition;

/// <summary>The content of one layer, read from its file; in memory that is used again after <see cref="Dispose"/>.</summary>
/// <param name="numbers">The memory.</param>
/// <param name="change">ΔW.</param>
/// <param name="alpha">Alpha; the rank where the file has none.</param>
/// <param name="digest">A digest of the bytes of the layer's tensors.</param>
internal sealed class LayerContent(LayerNumbers numbers, WeightChange change, double alpha, string digest) : IDisposable
{
    /// <summary>ΔW.</summary>
    public WeightChange Change { get; } = change;

    /// <summary>Alpha; the rank where the file has none.</summary>
    public double Alpha { get; } = alpha;

    /// <summary>A <see cref="Safetensors.ContentDigest"/> over the bytes of the layer's tensors.</summary>
    public string Digest { get; } = digest;

    /// <summary>ΔW as a product of two factors, whatever its form.</summary>
    public LayerFactors Factors => Change.ToFactors(numbers.Store);

    /// <summary>DoRA's magnitudes, in the order of rows or columns.</summary>
    public ReadOnlySpan<double> Magnitudes => numbers.Has(TensorRole.MagnitudeVector)
        ? numbers.Read(TensorRole.MagnitudeVector).Numbers
        : numbers.Read(TensorRole.DoraScale).Numbers;

    public void Dispose() => numbers.Dispose();
}
