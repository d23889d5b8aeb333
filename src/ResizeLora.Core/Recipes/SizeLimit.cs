using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>
/// The largest size of a file, as a recipe says it: a plain number is MiB, and a unit makes anything else clear, such as
/// 32MB or 0.5GiB. Prints as it is kept: in MiB without a unit, or in MB.
/// </summary>
/// <param name="Number">How many.</param>
/// <param name="IsDecimal">Whether they are MB, of 10⁶ bytes, and not MiB, of 2²⁰.</param>
internal readonly record struct SizeLimit(double Number, bool IsDecimal)
{
    /// <summary>No adapter is that large: such a number was probably meant in bytes.</summary>
    public const double TooLargeMiB = 8 << 10;

    private const double MiB = 1 << 20;
    private const double MB = 1e6;

    /// <summary>How many of the units that are kept a unit is.</summary>
    private static readonly (string Name, bool IsDecimal, decimal Factor)[] Units =
    [
        ("KiB", false, 1m / 1024), ("MiB", false, 1), ("GiB", false, 1024),
        ("KB", true, 0.001m), ("MB", true, 1), ("GB", true, 1000),
    ];

    /// <summary>The units, for messages.</summary>
    public static string UnitNames => "KB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024)";

    /// <summary>The size in bytes.</summary>
    public long Bytes => (long)Math.Floor(IsDecimal ? Number * MB : Number * MiB);

    /// <summary>The size in MiB.</summary>
    public double InMiB => IsDecimal ? Number * MB / MiB : Number;

    /// <summary>What follows the number.</summary>
    public string Unit => IsDecimal ? nameof(MB) : string.Empty;

    /// <summary>Reads a number with or without a unit; null if the text is not a number.</summary>
    public static SizeLimit? Parse(string text)
    {
        (string name, bool isDecimal, decimal factor) = Units.FirstOrDefault(unit => text.EndsWith(unit.Name, StringComparison.OrdinalIgnoreCase));
        string digits = text[..^(name?.Length ?? 0)].TrimEnd();
        if (!double.TryParse(TypedNumber.Plain(digits), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
            return null;

        return new SizeLimit(name is null || factor == 1 ? number : Scaled(number, factor), isDecimal);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number:R}{Unit}");

    /// <summary>In decimals, where 0.29 GB are 290 MB and not a little less.</summary>
    private static double Scaled(double number, decimal factor) =>
        Math.Abs(number) < 1e9 ? (double)((decimal)number * factor) : number * (double)factor;
}
