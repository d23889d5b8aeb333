using System.Globalization;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Arguments;

/// <summary>
/// Keeps a size as it was typed: the shell takes 32MB without quotes for a number, but remembers its text; and of a number
/// that was computed it would write 15 digits, which is not all of it.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class SizeTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = ShellValue.Unwrap(inputData);
        if (value is not string && NumberTransformationAttribute.WithComma(value) is { } list)
            throw NumberTransformationAttribute.Refused(RecipeErrors.NumberWithComma(list));
        if (value is not (IConvertible and not string))
            return inputData;

        string typed = LanguagePrimitives.ConvertTo<string>(inputData);
        bool hasUnit = !double.TryParse(typed, NumberStyles.Float, CultureInfo.InvariantCulture, out _) && SizeLimit.Parse(typed) is not null;
        return hasUnit ? typed : Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }
}
