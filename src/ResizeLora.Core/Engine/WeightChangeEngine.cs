using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>The numeric work on any form of ΔW, by that on factors.</summary>
internal static class WeightChangeEngine
{
    /// <inheritdoc cref="INumericEngine.Decompose"/>
    public static LayerDecomposition Decompose(this INumericEngine engine, WeightChange change) => change is KroneckerFactors product
        ? KroneckerRoute.Decompose(engine, product)
        : engine.Decompose((LayerFactors)change);

    /// <inheritdoc cref="INumericEngine.SubspaceNorms"/>
    public static double[] SubspaceNorms(this INumericEngine engine, WeightChange change, SingularBasis? basis, StoredMatrix weight) => change is KroneckerFactors product
        ? KroneckerRoute.SubspaceNorms(engine, product, weight)
        : engine.SubspaceNorms((LayerFactors)change, basis, weight);

    /// <inheritdoc cref="INumericEngine.Truncate"/>
    public static IReadOnlyList<TruncatedFactors> Truncate(this INumericEngine engine, WeightChange change, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests) => change is KroneckerFactors product
        ? KroneckerRoute.Truncate(engine, product, requests)
        : engine.Truncate((LayerFactors)change, basis, requests);
}
