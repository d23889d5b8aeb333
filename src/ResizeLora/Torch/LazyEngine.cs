using ResizeLora.Decomposition;

namespace ResizeLora.Torch;

/// <summary>Loads libtorch when the first number is needed: a run that finds all its work done never does.</summary>
internal sealed class LazyEngine(string device) : INumericEngine
{
    private INumericEngine Engine => NumericEngineLoader.Default.EngineOn(device);

    public double[] SingularValues(LayerFactors layer) => Engine.SingularValues(layer);

    public double[] SubspaceNorms(LayerFactors layer, StoredMatrix weight) => Engine.SubspaceNorms(layer, weight);

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, IReadOnlyList<TruncationRequest> requests) => Engine.Truncate(layer, requests);

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation) => Engine.Norms(weight, cancellation);
}
