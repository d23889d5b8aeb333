using System.Globalization;

namespace ResizeLora.Benchmarks.Reporting;

/// <summary>Numbers as the report shows them.</summary>
internal static class Units
{
    public const double Mega = 1e6;

    public const double Giga = 1e9;

    public static string Seconds(double value) => value < 0.1 ? Text($"{value * 1000:0.0} ms") : Text($"{value:0.00} s");

    public static string Ratio(double value) => Text($"{value:0.00}×");

    public static string Megabytes(double bytes) => Text($"{bytes / Mega:0} MB");

    public static string Error(double value) => value.ToString("0.0e+0", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
