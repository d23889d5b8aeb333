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
        {
            using BalancedFactors<double> safe = BalancedFactors.BySafeWay(reader, layer, indices);
            return Answer(safe);
        }

        using var coefficients = new BasisCoefficients(basis, indices);
        if (coefficients.AllowsSingle && requests.All(request => request.DType.Format().SignificantBits <= BasisCoefficients.SingleSignificantBits))
        {
            using BalancedFactors<float> single = BalancedFactors.ByBasis<float>(layer, coefficients);
            return Answer(single);
        }

        using BalancedFactors<double> exact = BalancedFactors.ByBasis<double>(layer, coefficients);
        return Answer(exact);

        IReadOnlyList<TruncatedFactors> Answer<T>(BalancedFactors<T> factors)
            where T : unmanaged
        {
            var encoder = new FactorEncoder<T>(factors);
            return [.. requests.Select(request => Encode(encoder, layer.Scale, indices, request))];
        }
    }

    private static TruncatedFactors Encode<T>(FactorEncoder<T> encoder, double layerScale, List<int> indices, TruncationRequest request)
        where T : unmanaged
    {
        double root = Math.Sqrt(Math.Abs(layerScale) * request.Rescale);
        int[] positions = [.. request.Kept.Select(index => indices.BinarySearch(index))];
        double largest = positions.Max(position => encoder.Largest[position]) * root;
        double smallest = positions.Min(position => encoder.Largest[position]) * root;
        ElementFormat format = request.DType.Format();
        FactorScale scale = FactorScale.Choose(request.Rank, format, request.HasAlpha, largest, smallest, request.AlphaIsRank);
        double written = format.Round(largest * scale.Multiplier);
        if (!double.IsFinite(written) || written < LeastLargest(format))
            throw new OverflowException($"Values are outside the range of {request.DType}.");

        // A negative alpha turns ΔW round; one side has to carry that.
        return new TruncatedFactors(
            encoder.Up(positions, root * scale.Multiplier * Math.Sign(layerScale), format),
            encoder.Down(positions, root * scale.Multiplier, format),
            scale.Alpha);
    }

    /// <summary>A narrow type loses digits of numbers below its least normal one; a layer whose largest are below that would be noise.</summary>
    private static double LeastLargest(ElementFormat format) => format.IsNarrow ? Math.ScaleB(1, format.LeastExponent) : double.Epsilon;
}
