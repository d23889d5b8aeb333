using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Numerics;

/// <summary>New factors for several requests on one layer: the singular vectors that any of them keeps are made once.</summary>
internal static class Truncation
{
    public static IReadOnlyList<TruncatedFactors> Of(TensorReader reader, LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests)
    {
        List<int> indices = [.. requests.SelectMany(request => request.Kept).Distinct().Order()];
        if (basis is null)
            return Answer(new SafeFactors(reader, layer, indices), layer.Scale, requests);

        using var coefficients = new BasisCoefficients(basis, indices);
        return coefficients.AllowsSingle && requests.All(request => request.DType.Format().SignificantBits <= BasisCoefficients.SingleSignificantBits)
            ? Answer(new BasisFactors<float>(layer, basis, coefficients), layer.Scale, requests)
            : Answer(new BasisFactors<double>(layer, basis, coefficients), layer.Scale, requests);
    }

    private static TruncatedFactors[] Answer<T>(IFactorSource<T> source, double layerScale, IReadOnlyList<TruncationRequest> requests)
        where T : unmanaged
    {
        int[] shared = [.. requests.Where(request => !request.DType.Format().IsCoarse).SelectMany(request => request.Kept).Distinct().Order()];
        using BalancedFactors<T>? factors = shared.Length == 0 ? null : source.Make(shared);
        FactorEncoder<T>? encoder = factors is null ? null : new FactorEncoder<T>(factors);
        return [.. requests.Select(request => request.DType.Format().IsCoarse
            ? CoarseTruncation.Of(source, layerScale, request)
            : Encode(encoder!, [.. request.Kept.Select(index => Array.BinarySearch(shared, index))], source.Values(request.Kept), layerScale, request))];
    }

    private static TruncatedFactors Encode<T>(FactorEncoder<T> encoder, int[] positions, double[] values, double layerScale, TruncationRequest request)
        where T : unmanaged
    {
        double root = Math.Sqrt(Math.Abs(layerScale) * request.Rescale);
        double[] magnitudes = [.. positions.Select(position => Math.Max(encoder.LargestUp[position], encoder.LargestDown[position]) * root)];
        ElementFormat format = request.DType.Format();
        FactorScale scale = FactorScale.Choose(request.Rank, format, request.HasAlpha, magnitudes.Max(), magnitudes.Min(), request.AlphaIsRank);
        return EncodedFactors.Of(encoder, positions, values, rotation: null, layerScale, scale, request);
    }
}
