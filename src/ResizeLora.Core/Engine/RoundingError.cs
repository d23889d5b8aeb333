using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>What it costs to store balanced factors in a format, as far as that is known before they are made.</summary>
internal static class RoundingError
{
    /// <summary>
    /// The expected square of the Frobenius norm of what rounding adds to ΔW. Each of two factors of m × k and k × n entries that have a
    /// relative error of e adds e² · Σσ², and both errors are independent.
    /// </summary>
    /// <param name="format">The format of the factors.</param>
    /// <param name="count">How many singular values are kept.</param>
    /// <param name="sum">Their sum.</param>
    /// <param name="sumOfSquares">The sum of their squares.</param>
    public static double Squared(ElementFormat format, int count, double sum, double sumOfSquares)
    {
        double entry = Entry(format);
        return 2 * entry * entry * (format.IsCoarse && count > 0 ? Math.Min(sumOfSquares, sum * sum / count) : sumOfSquares);
    }

    /// <summary>The root mean square of the relative error of an entry; of normally distributed ones, 0.212 units in the last place of 1.</summary>
    private static double Entry(ElementFormat format) => 0.212 * Math.ScaleB(1, 1 - format.SignificantBits);
}
