using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Numerics;

/// <summary>Scaled factors in the output's type, with the error that this makes.</summary>
internal static class EncodedFactors
{
    /// <param name="encoder">The balanced factors.</param>
    /// <param name="positions">The chosen vectors of them.</param>
    /// <param name="values">The singular values that are kept, without the layer's scale.</param>
    /// <param name="rotation">The basis of rank space that the factors are in; null for that of the singular vectors.</param>
    /// <param name="layerScale">The layer's scale.</param>
    /// <param name="scale">How the rest is shared between alpha and the factors.</param>
    /// <param name="request">What is wanted.</param>
    /// <exception cref="OverflowException">The type can't hold the values.</exception>
    public static TruncatedFactors Of<T>(FactorEncoder<T> encoder, int[] positions, double[] values, RankRotation? rotation, double layerScale, FactorScale scale, TruncationRequest request)
        where T : unmanaged
    {
        double root = Math.Sqrt(Math.Abs(layerScale) * request.Rescale);
        ElementFormat format = request.DType.Format();
        double largest = Math.Max(positions.Max(position => encoder.LargestUp[position]) * root * scale.Up, positions.Max(position => encoder.LargestDown[position]) * root * scale.Down);
        double written = format.Round(largest);
        if (!double.IsFinite(written) || written < LeastLargest(format))
            throw new OverflowException($"Values are outside the range of {request.DType}.");

        // What is computed on is not rounded.
        double[] kept = [.. values.Select(value => value * root * root)];
        using StorageError<T>? error = format.DType == SafetensorsDType.F64 ? null : new StorageError<T>(format, encoder.Rows, encoder.Columns, kept, rotation);

        // A negative alpha turns ΔW round; one side has to carry that.
        PooledBytes up = encoder.Up(positions, root * scale.Up * Math.Sign(layerScale), format, error?.Up);
        PooledBytes down = encoder.Down(positions, root * scale.Down, format, error?.Down);
        double[] signs = [.. positions.Select(position => encoder.Signs[position])];
        return new TruncatedFactors(up, down, scale.Alpha, error?.Of(up.Memory, down.Memory, signs, scale) ?? 0);
    }

    /// <summary>A narrow type loses digits of numbers below its least normal one; a layer whose largest are below that would be noise.</summary>
    private static double LeastLargest(ElementFormat format) => format.IsNarrow ? Math.ScaleB(1, format.LeastExponent) : double.Epsilon;
}
