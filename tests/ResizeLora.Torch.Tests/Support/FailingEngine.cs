using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Tests.Support;

/// <summary>The real engine, which fails when it comes to one method with one layer.</summary>
/// <param name="method">The name of the method.</param>
/// <param name="layer">What the name of the layer's tensor begins with.</param>
/// <param name="failure">What it does then.</param>
internal sealed class FailingEngine(string method, string layer, Action failure) : INumericEngine
{
    public LayerDecomposition Decompose(LayerFactors factors)
    {
        FailAt(nameof(Decompose), factors.Up);
        return TestEngine.Torch.Decompose(factors);
    }

    public double[] SubspaceNorms(LayerFactors factors, SingularBasis? basis, StoredMatrix weight)
    {
        FailAt(nameof(SubspaceNorms), factors.Up);
        return TestEngine.Torch.SubspaceNorms(factors, basis, weight);
    }

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors factors, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests)
    {
        FailAt(nameof(Truncate), factors.Up);
        return TestEngine.Torch.Truncate(factors, basis, requests);
    }

    public double[] MergedNorms(StoredMatrix weight, LayerFactors factors, long groupSize)
    {
        FailAt(nameof(MergedNorms), weight);
        return TestEngine.Torch.MergedNorms(weight, factors, groupSize);
    }

    public ChangeDistance Compare(IReadOnlyList<LayerFactors> reference, IReadOnlyList<LayerFactors> difference)
    {
        foreach (LayerFactors factors in reference.Concat(difference))
            FailAt(nameof(Compare), factors.Up);
        return TestEngine.Torch.Compare(reference, difference);
    }

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation)
    {
        FailAt(nameof(Norms), weight);
        return TestEngine.Torch.Norms(weight, cancellation);
    }

    private void FailAt(string current, StoredMatrix matrix)
    {
        if (current == method && matrix.Name.StartsWith(layer, StringComparison.Ordinal))
            failure();
    }
}
