using ResizeLora.Decomposition;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>Finds every layer too large for the output precision.</summary>
internal sealed class OverflowingEngine : INumericEngine
{
    private readonly PlainEngine _plain = new();

    public double[] SingularValues(LayerFactors layer) => _plain.SingularValues(layer);

    public double[] SubspaceNorms(LayerFactors layer, StoredMatrix weight) => _plain.SubspaceNorms(layer, weight);

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, IReadOnlyList<TruncationRequest> requests) => throw new OverflowException();

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation) => _plain.Norms(weight, cancellation);
}
