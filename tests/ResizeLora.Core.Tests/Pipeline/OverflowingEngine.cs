using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>Finds every layer too large for the output precision.</summary>
internal sealed class OverflowingEngine : INumericEngine
{
    private readonly PlainEngine _plain = new();

    public LayerDecomposition Decompose(LayerFactors layer) => _plain.Decompose(layer);

    public double[] SubspaceNorms(LayerFactors layer, SingularBasis? basis, StoredMatrix weight) => _plain.SubspaceNorms(layer, basis, weight);

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests) => throw new OverflowException();

    public double[] MergedNorms(StoredMatrix weight, LayerFactors layer, long groupSize) => _plain.MergedNorms(weight, layer, groupSize);

    public ChangeDistance Compare(IReadOnlyList<LayerFactors> reference, IReadOnlyList<LayerFactors> difference) => _plain.Compare(reference, difference);

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation) => _plain.Norms(weight, cancellation);
}
