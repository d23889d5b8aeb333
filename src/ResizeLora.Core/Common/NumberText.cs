using System.Globalization;

namespace ResizeLora;

/// <summary>Words numbers for the columns of tables, in the digits that matter.</summary>
public static class NumberText
{
    /// <summary>Words a norm in at most eight characters.</summary>
    /// <param name="value">The norm, or null if there is none.</param>
    /// <returns>Text such as <c>0.2652</c> or <c>3.1E-07</c>; none for null.</returns>
    public static string Norm(double? value) => value switch
    {
        null => string.Empty,
        not 0 and (< 0.001 or >= 99999.5) => Local(value.Value, "0.0E-00"),
        >= 999.95 => Local(value.Value, "0.0"),
        _ => Local(value.Value, "0.0000"),
    };

    /// <summary>Words a share in percent, rounded, in at most eight characters.</summary>
    /// <param name="value">The share in percent; negative where there is more than before.</param>
    /// <returns>Text such as <c>65.5%</c> or <c>-10565%</c>.</returns>
    public static string Percent(double value) => Math.Abs(value) switch
    {
        0 => "0%",
        >= 999999.5 => Local(value, "0E0") + "%",
        > 100 => Local(value, "0") + "%",
        _ => Local(Math.Round(value, 1, MidpointRounding.AwayFromZero) + 0.0, "0.0") + "%",
    };

    /// <summary>Formats the first of many numbers, and says how many there are.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="count">The most that are shown.</param>
    /// <returns>Text such as <c>1.5 1.2 0.96 ... (24)</c>.</returns>
    public static string First(IReadOnlyList<double> values, int count)
    {
        ArgumentNullException.ThrowIfNull(values);
        string first = string.Join(' ', values.Take(count).Select(value => Local(value, "G4")));
        return values.Count > count ? $"{first} ... ({values.Count})" : first;
    }

    /// <summary>Words weights by their names.</summary>
    /// <param name="weights">The weights.</param>
    /// <returns>Text such as <c>spn_ckpt = 0.75, fro_lora = 0.25</c>.</returns>
    public static string Weights(IReadOnlyDictionary<string, double> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return string.Join(", ", weights.Select(weight => $"{weight.Key} = {Local(weight.Value, "0.####")}"));
    }

    private static string Local(double value, string format) => value.ToString(format, CultureInfo.CurrentCulture);
}
