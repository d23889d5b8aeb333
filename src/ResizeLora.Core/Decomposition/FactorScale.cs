using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>
/// How ΔW is shared between alpha and the factors. Alpha is the rank, so that a loader which ignores it is right too,
/// unless that would push factor entries out of the output type's range: then a power of four moves between them.
/// </summary>
/// <param name="Alpha">What the alpha tensor says; the output type holds it exactly.</param>
/// <param name="Multiplier">What each of the two balanced factors is multiplied by.</param>
internal sealed record FactorScale(double Alpha, double Multiplier)
{
    // Half precision has 11 significant bits from 2^-14 up. A column whose largest entry is 2^-9 still has its
    // entries down to 3 % of that at full precision; 2^14 leaves room below the largest number, 65504.
    private const int SmallestExponent = -9;
    private const int LargestExponent = 14;

    /// <summary>Chooses the scale.</summary>
    /// <param name="rank">The new rank k.</param>
    /// <param name="dtype">The output type.</param>
    /// <param name="hasAlpha">Without an alpha tensor nothing can be moved into it.</param>
    /// <param name="largest">The largest magnitude in both factors.</param>
    /// <param name="smallestColumn">The least, over all kept singular vectors, of the largest magnitude in one.</param>
    /// <param name="alphaIsRank">Whether nothing may be moved into alpha though there is one.</param>
    public static FactorScale Choose(int rank, SafetensorsDType dtype, bool hasAlpha, double largest, double smallestColumn, bool alphaIsRank = false)
    {
        if (!hasAlpha)
            return new FactorScale(rank, 1);

        int shift = dtype == SafetensorsDType.F16 && !alphaIsRank ? Shift(rank, largest, smallestColumn) : 0;
        double alpha = ElementCodec.Round(dtype, Math.ScaleB(rank, -2 * shift));

        // Rounding alpha (bfloat16 has 8 bits) must not change ΔW: the factors take up what alpha can't say.
        return new FactorScale(alpha, Math.Sqrt(rank / alpha));
    }

    /// <summary>
    /// Whether an alpha that says the rank would cost digits. In half precision, it does not if the entries of each column are 2^-14
    /// in the root mean square: what is lost of smaller ones is then less than what is lost of any number.
    /// </summary>
    /// <param name="dtype">The output type.</param>
    /// <param name="singularValues">Those that are kept.</param>
    /// <param name="longest">Entries of the longer of the two vectors.</param>
    public static bool NeedsAlpha(SafetensorsDType dtype, IEnumerable<double> singularValues, long longest)
    {
        double[] lengths = [.. singularValues.Where(value => value > 0).Select(Math.Sqrt)];
        return dtype == SafetensorsDType.F16
            && lengths.Length > 0
            && (lengths.Min() < Math.ScaleB(Math.Sqrt(longest), -LargestExponent) || lengths.Max() > Math.ScaleB(1, LargestExponent + 1));
    }

    private static int Shift(int rank, double largest, double smallestColumn)
    {
        int top = Exponent(largest);
        int up = Math.Max(0, SmallestExponent - Exponent(smallestColumn));
        int room = LargestExponent - top;

        // Alpha itself must stay a normal number of the type: rank · 4^-shift from 2^-14 to 2^15.
        int magnitude = Exponent(rank);
        return Math.Clamp(Math.Min(up, room), -Math.Max(0, LargestExponent - magnitude) / 2, (LargestExponent + magnitude) / 2);
    }

    private static int Exponent(double value) => value > 0 ? (int)Math.Floor(Math.Log2(value)) : 0;
}
