using System.Globalization;

namespace ResizeLora;

/// <summary>Words file sizes for people, in the three digits that matter.</summary>
public static class FileSize
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Words a size.</summary>
    /// <param name="bytes">The size in bytes.</param>
    /// <returns>Text such as <c>84.2 MiB</c>.</returns>
    public static string Format(long bytes)
    {
        int unit = UnitOf(bytes);
        return $"{Number(bytes, unit)} {Units[unit]}";
    }

    private static int UnitOf(long bytes)
    {
        int unit = 0;
        while (unit < Units.Length - 1 && bytes >> (10 * (unit + 1)) > 0)
            unit++;
        return unit;
    }

    private static string Number(long bytes, int unit)
    {
        double value = bytes / Math.Pow(1024, unit);
        string format = unit == 0 || value >= 99.95 ? "0" : value >= 9.995 ? "0.0" : "0.00";
        return value.ToString(format, CultureInfo.CurrentCulture);
    }
}
