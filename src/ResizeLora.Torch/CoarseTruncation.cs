using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// New factors in a coarse format: rotated, so that rounding costs less, and scaled to where the format has its numbers. Where a rotation is not
/// certain to pay, factors without one are made too, and the better ones are kept.
/// </summary>
internal static class CoarseTruncation
{
    /// <summary>A rotation that is expected to leave more than this share of the error's square may leave more than all of it in the end.</summary>
    private const double CertainShare = 0.9;

    public static TruncatedFactors Of<T>(IFactorSource<T> source, double layerScale, TruncationRequest request)
        where T : unmanaged
    {
        double[] values = source.Values(request.Kept);
        if (values.Length == 1)
            return Encode(source, values, rotation: null, layerScale, request, out _);

        TruncatedFactors rotated = Encode(source, values, new RankRotation(values.Length), layerScale, request, out bool isSmall);
        if (!isSmall && RankRotation.ExpectedShare(values) < CertainShare)
            return rotated;

        TruncatedFactors plain = Encode(source, values, rotation: null, layerScale, request, out _);
        (TruncatedFactors better, TruncatedFactors worse) = rotated.RoundingError < plain.RoundingError ? (rotated, plain) : (plain, rotated);
        worse.Dispose();
        return better;
    }

    private static TruncatedFactors Encode<T>(IFactorSource<T> source, double[] values, RankRotation? rotation, double layerScale, TruncationRequest request, out bool isSmall)
        where T : unmanaged
    {
        using BalancedFactors<T> factors = source.Make(request.Kept, rotation);
        var encoder = new FactorEncoder<T>(factors);
        isSmall = StorageError<T>.IsSmall(factors.Up.Rows, factors.Down.Columns);
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
