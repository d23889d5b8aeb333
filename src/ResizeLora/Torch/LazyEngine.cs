using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch;

/// <summary>Loads libtorch when the first number is needed: a run that finds all its work done never does.</summary>
internal sealed class LazyEngine(string device, CancellationToken cancellation) : INumericEngine
{
    private INumericEngine Engine => NumericEngineLoader.Default.EngineOn(device, cancellation);

    public LayerDecomposition Decompose(LayerFactors layer) => Engine.Decompose(layer);

    public double[] SubspaceNorms(LayerFactors layer, SingularBasis? basis, StoredMatrix weight) => Engine.SubspaceNorms(layer, basis, weight);

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests) => Engine.Truncate(layer, basis, requests);

    public double[] MergedNorms(StoredMatrix weight, LayerFactors layer, long groupSize) => Engine.MergedNorms(weight, layer, groupSize);

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation) => Engine.Norms(weight, cancellation);
}
