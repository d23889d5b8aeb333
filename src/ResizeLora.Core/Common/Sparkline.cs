namespace ResizeLora;

/// <summary>Draws numbers in one line of text, for tables.</summary>
public static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const string Parts = "▏▎▍▌▋▊▉█";

    /// <summary>
    /// The range of the scale below the largest value, in powers of ten. The same for all, so that lines can be compared:
    /// each step is a factor of 1.8.
    /// </summary>
    private const double Decades = 2;

    /// <summary>Draws values on a logarithmic scale that ends at the largest of them.</summary>
    /// <param name="values">The values; where there are more than <paramref name="width"/>, each character shows the largest of its share.</param>
    /// <param name="width">The most characters; fewer values give fewer characters.</param>
    /// <returns>One character for each value or share; a space for zero and NaN.</returns>
    public static string Draw(IReadOnlyList<double> values, int width)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        double[] shares = Shares([.. values.Select(Magnitude)], Math.Min(width, values.Count));
        double largest = shares.DefaultIfEmpty().Max();
        return string.Concat(shares.Select(share => Step(share, largest)));
    }

    /// <summary>Draws a share as a bar, from nothing to all of a width.</summary>
    /// <param name="share">The share, from 0 to 1; more is drawn as 1.</param>
    /// <param name="width">The characters that 1 takes.</param>
    /// <returns>Full characters, and one of a part of the width; none for zero, null and NaN.</returns>
    public static string Bar(double? share, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        int parts = share > 0 ? (int)Math.Ceiling(Math.Min(share.Value, 1) * width * Parts.Length) : 0;
        string full = new(Parts[^1], parts / Parts.Length);
        return parts % Parts.Length == 0 ? full : full + Parts[parts % Parts.Length - 1];
    }

    private static double[] Shares(double[] values, int count)
    {
        return [.. Enumerable.Range(0, count).Select(share => values[Start(share)..Start(share + 1)].Max())];

        int Start(int share) => (int)((long)share * values.Length / count);
    }

    private static char Step(double value, double largest)
    {
        if (value == 0)
            return ' ';

        double height = 1 + (Math.Log10(value) - Math.Log10(largest)) / Decades;
        return Blocks[Math.Clamp((int)(height * Blocks.Length), 0, Blocks.Length - 1)];
    }

    private static double Magnitude(double value) => double.IsFinite(value) ? Math.Abs(value) : 0;
}
