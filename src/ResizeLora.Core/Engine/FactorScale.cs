using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>
/// How ΔW is shared between alpha and the factors. Alpha is the rank, so that a loader which ignores it is right too,
/// unless that would push factor entries out of the output type's range: then a power of four moves between them.
/// </summary>
/// <param name="Alpha">The value of the alpha tensor; its type represents it exactly.</param>
/// <param name="Up">What the left one of the balanced factors is multiplied by.</param>
/// <param name="Down">What the right one is multiplied by.</param>
internal sealed record FactorScale(double Alpha, double Up, double Down)
{
    /// <summary>The root mean square that entries of a coarse format get: far below its greatest number, and far above its least.</summary>
    private const double CoarseEntry = 4;

    /// <summary>
    /// A column whose largest entry is so many powers of two above the least number with all digits has all digits in its
    /// entries down to 3 % of that.
    /// </summary>
    private const int SpareExponents = 5;

    /// <summary>Chooses the scale.</summary>
    /// <param name="rank">The new rank k.</param>
    /// <param name="format">The format of the factors.</param>
    /// <param name="hasAlpha">Without an alpha tensor nothing can be moved into it.</param>
    /// <param name="largest">The largest magnitude in both factors.</param>
    /// <param name="smallestColumn">The least, over all kept singular vectors, of the largest magnitude in one.</param>
    /// <param name="alphaIsRank">Whether nothing may be moved into alpha though there is one.</param>
    public static FactorScale Choose(int rank, ElementFormat format, bool hasAlpha, double largest, double smallestColumn, bool alphaIsRank = false)
    {
        if (!hasAlpha)
            return new FactorScale(rank, 1, 1);

        var alphaFormat = ElementFormat.Of(format.Companion);
        int shift = format.IsNarrow && !alphaIsRank ? Shift(rank, format, alphaFormat, largest, smallestColumn) : 0;
        double alpha = alphaFormat.Round(Math.ScaleB(rank, -2 * shift));

        // Rounding alpha (bfloat16 has 8 bits) must not change ΔW: the factors take up what alpha can't say.
        double multiplier = Math.Sqrt(rank / alpha);
        return new FactorScale(alpha, multiplier, multiplier);
    }

    /// <summary>
    /// Chooses the scale in a coarse format: each factor is multiplied by a power of two, so that the root mean square of its entries is about
    /// 4, or less where the largest would be beyond the greatest number; alpha undoes both.
    /// </summary>
    /// <param name="rank">The rank that loaders divide alpha by.</param>
    /// <param name="format">The format of the factors.</param>
    /// <param name="isFree">Whether alpha may say more than the rank; else factors stay as they are.</param>
    /// <param name="up">The entries of the left factor.</param>
    /// <param name="down">The entries of the right factor.</param>
    public static FactorScale ChooseCoarse(int rank, ElementFormat format, bool isFree, FactorEntries up, FactorEntries down)
    {
        if (!isFree)
            return new FactorScale(rank, 1, 1);

        (int upExponent, int downExponent) = (CoarseExponent(format, up), CoarseExponent(format, down));

        // Alpha itself must stay a number with all its digits.
        var alphaFormat = ElementFormat.Of(format.Companion);
        int both = Math.Clamp(upExponent + downExponent, Exponent(rank) - alphaFormat.GreatestExponent, Exponent(rank) - alphaFormat.LeastExponent);
        upExponent += (both - upExponent - downExponent) / 2;
        downExponent = both - upExponent;
        return new FactorScale(Math.ScaleB(rank, -both), Math.ScaleB(1, upExponent), Math.ScaleB(1, downExponent));
    }

    private static int CoarseExponent(ElementFormat format, FactorEntries entries) => Math.Min(
        (int)Math.Round(Math.Log2(CoarseEntry / entries.RootMeanSquare)),
        (int)Math.Floor(Math.Log2(format.Greatest) - Math.Log2(entries.Largest)));

    /// <summary>
    /// Whether an alpha that says the rank would cost digits. In a narrow format, it does not if the root mean square of each column's
    /// entries is a number with all digits: what is lost of smaller ones is then less than what is lost of any number. In a coarse one it always does.
    /// </summary>
    /// <param name="format">The format of the factors.</param>
    /// <param name="singularValues">Those that are kept.</param>
    /// <param name="longest">Entries of the longer of the two vectors.</param>
    public static bool NeedsAlpha(ElementFormat format, IEnumerable<double> singularValues, long longest)
    {
        double[] lengths = [.. singularValues.Where(value => value > 0).Select(Math.Sqrt)];
        return format.IsNarrow
            && lengths.Length > 0
            && (format.IsCoarse || lengths.Min() < Math.ScaleB(Math.Sqrt(longest), format.LeastExponent) || lengths.Max() > Math.ScaleB(1, format.GreatestExponent));
    }

    private static int Shift(int rank, ElementFormat format, ElementFormat alphaFormat, double largest, double smallestColumn)
    {
        int up = Math.Max(0, format.LeastExponent + SpareExponents - Exponent(smallestColumn));
        int room = format.GreatestExponent - 1 - Exponent(largest);

        // Alpha itself must stay a number with all its digits: rank · 4^-shift.
        int magnitude = Exponent(rank);
        int least = -Math.Max(0, alphaFormat.GreatestExponent - 1 - magnitude) / 2;
        return Math.Clamp(Math.Min(up, room), least, (magnitude - alphaFormat.LeastExponent) / 2);
    }

    private static int Exponent(double value) => value > 0 ? (int)Math.Floor(Math.Log2(value)) : 0;
}

/// <summary>How large the entries of a factor are.</summary>
/// <param name="RootMeanSquare">Their root mean square.</param>
/// <param name="Largest">The largest magnitude.</param>
internal readonly record struct FactorEntries(double RootMeanSquare, double Largest);
