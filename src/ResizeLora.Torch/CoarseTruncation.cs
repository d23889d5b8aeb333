using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// New factors in a coarse format: scaled to where the format has its numbers, and rotated where that makes rounding cost less. In small layers,
/// where chance counts, both are made, and the better ones are kept.
/// </summary>
internal static class CoarseTruncation
{
    /// <summary>A rotation that is expected to leave more than this share of the error's square is not worth it, and might leave more than all of it.</summary>
    private const double WorthwhileShare = 0.9;

    public static TruncatedFactors Of<T>(IFactorSource<T> source, double layerScale, TruncationRequest request)
        where T : unmanaged
    {
        double[] values = source.Values(request.Kept);
        if (values.Length > 1 && source.IsSmall)
            return Better(Encode(source, values, new RankRotation(values.Length), layerScale, request), Encode(source, values, rotation: null, layerScale, request));

        bool isWorthwhile = RankRotation.ExpectedShare(values) < WorthwhileShare;
        return Encode(source, values, isWorthwhile ? new RankRotation(values.Length) : null, layerScale, request);
    }

    private static TruncatedFactors Better(TruncatedFactors first, TruncatedFactors second)
    {
        (TruncatedFactors better, TruncatedFactors worse) = first.RoundingError < second.RoundingError ? (first, second) : (second, first);
        worse.Dispose();
        return better;
    }

    private static TruncatedFactors Encode<T>(IFactorSource<T> source, double[] values, RankRotation? rotation, double layerScale, TruncationRequest request)
        where T : unmanaged
    {
        using BalancedFactors<T> factors = source.Make(request.Kept, rotation);
        var encoder = new FactorEncoder<T>(factors);
        (double up, double down) = SquaredNorms(values, rotation);
        double root = Math.Sqrt(Math.Abs(layerScale) * request.Rescale);
        var scale = FactorScale.ChooseCoarse(
            request.Rank,
            request.DType.Format(),
            isFree: request is { HasAlpha: true, AlphaIsRank: false },
            new FactorEntries(root * Math.Sqrt(up / ((double)factors.Up.Rows * values.Length)), root * encoder.LargestUp.Max()),
            new FactorEntries(root * Math.Sqrt(down / ((double)factors.Down.Columns * values.Length)), root * encoder.LargestDown.Max()));
        return EncodedFactors.Of(encoder, [.. Enumerable.Range(0, values.Length)], values, rotation, layerScale, scale, request);
    }

    /// <summary>The squares of the Frobenius norms of both factors.</summary>
    private static (double Up, double Down) SquaredNorms(double[] values, RankRotation? rotation)
    {
        if (rotation is null)
            return (values.Sum(), values.Sum());

        double[] gram = rotation.Gram(values);
        (double up, double down) = (0, 0);
        for (int i = 0; i < values.Length; i++)
        {
            double square = gram[i * values.Length + i];
            up += square * (rotation.Stretch[i] * rotation.Stretch[i]);
            down += square / (rotation.Stretch[i] * rotation.Stretch[i]);
        }

        return (up, down);
    }
}
