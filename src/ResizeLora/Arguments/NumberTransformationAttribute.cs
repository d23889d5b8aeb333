using System.Collections;
using System.Globalization;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Arguments;

/// <summary>
/// Lets numbers be given as recipes have them, with a typographic minus too. Refuses a decimal comma, which the shell would
/// leave out so that '-1,2' were -12, and a fraction instead of a whole number, which it would round.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class NumberTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether fractions are refused.</summary>
    public bool IsWhole { get; init; }

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (WithComma(inputData) is { } text)
            throw Refused(RecipeErrors.NumberWithComma(text));

        object? given = ShellValue.Unwrap(inputData) is string typed ? TypedNumber.Plain(typed) : inputData;
        if (IsWhole && double.TryParse(Convert.ToString(ShellValue.Unwrap(given), CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number != Math.Truncate(number))
            throw Refused(RecipeErrors.NotWhole(number));

        return given!;
    }

    /// <summary>What a number with a comma was, which without quotes the shell takes for a list; null for anything else.</summary>
    public static string? WithComma(object? argument) => ShellValue.Unwrap(argument) switch
    {
        string text => text.Contains(',', StringComparison.Ordinal) ? text : null,
        IEnumerable list => string.Join(',', list.Cast<object?>().Select(item => Convert.ToString(ShellValue.Unwrap(item), CultureInfo.InvariantCulture))) is var text && text.Contains(',', StringComparison.Ordinal) ? text : null,
        _ => null,
    };

    /// <summary>A fault as the engine wants it.</summary>
    public static ArgumentTransformationMetadataException Refused(ResizeLoraException fault) => new(fault.Message, fault);
}
