using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>Every error of the recipe language, worded in one place.</summary>
internal static class RecipeFault
{
    private static readonly string ValidKeys = $"Valid keys: {string.Join(", ", RecipeKeys.All)}.";

    public static ResizeLoraException UnknownKey(string text, int position, string key) =>
        At("RecipeUnknownKey", text, position, $"unknown key '{key}'{(RecipeKeys.Suggest(key) is { } suggestion ? $"; did you mean '{suggestion}'?" : ".")}");

    public static ResizeLoraException RepeatedKey(string text, int position, string key) =>
        At("RecipeRepeatedKey", text, position, $"'{key}' is given twice.");

    public static ResizeLoraException EmptyValue(string text, int position, string key) =>
        At("RecipeEmptyValue", text, position, $"'{key}' has no value; write {key}=NUMBER.");

    public static ResizeLoraException NotANumber(string text, int position, string key, string value) =>
        At("RecipeNotANumber", text, position, $"'{value}' is not a finite number for '{key}' (decimals with a point, such as -1.2).");

    public static ResizeLoraException DecimalComma(string text, int position, string value) =>
        At("RecipeNotANumber", text, position, $"'{value}' is not a number: {WrittenNumber.Advice(value)}.{(position < 0 ? string.Empty : " A comma comes before the next key.")}");

    public static ResizeLoraException NumberWithComma(string value) =>
        New("NotANumber", value, $"'{value}' is not a number: {WrittenNumber.Advice(value)}.");

    public static ResizeLoraException NotWhole(double value) =>
        New("NotAWholeNumber", value.ToString(CultureInfo.InvariantCulture), string.Create(CultureInfo.InvariantCulture, $"{value} is not a whole number."));

    public static ResizeLoraException NotASize(string text, int position, string key, string value) =>
        At("RecipeNotANumber", text, position, $"'{value}' is not a size for '{key}': write MiB as a plain number, such as 32, or a unit: {SizeLimit.UnitNames}.");

    public static ResizeLoraException SizeTooLarge(string text, int position, string value, SizeLimit size) =>
        At("RecipeSizeTooLarge", text, position, string.Create(CultureInfo.InvariantCulture, $"'{value}' is {SizeLimit.TooLargeMiB} MiB or more, larger than any adapter. {Meant(size)}A plain number is in MiB."));

    public static ResizeLoraException NotPositive(string text, int position, string key, string value) =>
        At("RecipeNotPositive", text, position, $"'{key}' must be greater than 0, not {value}.");

    public static ResizeLoraException EmptyItem(string text, int position) =>
        At("RecipeEmptyItem", text, position, "a key is missing between two commas.");

    public static ResizeLoraException Empty(string text, int position) =>
        At("RecipeEmpty", text, position, "the recipe is empty; write, for example, spn_ckpt=1,thr=-1.2.");

    public static ResizeLoraException MoreThanOne(string text) =>
        New("RecipeMoreThanOne", text, $"'{text}' holds several recipes; one is wanted here.");

    public static ResizeLoraException NoSelection(string text) =>
        New("RecipeNoSelection", text, $"The recipe '{text}' says how to score but not what to keep: add thr=… (least score, log10) or size=… (of the file, in MiB).");

    public static ResizeLoraException NothingButScale(string text) =>
        New("RecipeNoSelection", text, $"The recipe '{text}' says neither how to score nor what to keep: add, for example, spn_ckpt=1,thr=-1.2.");

    public static ResizeLoraException WeightSum(string text, double sum) =>
        New("RecipeWeightSum", text, $"The score weights of the recipe '{text}' sum to {sum}; the sum must be positive. Give at least one, for example spn_ckpt=1.");

    /// <summary>Without quotes PowerShell takes 32MB or 64KB for a number of bytes.</summary>
    private static string Meant(SizeLimit size)
    {
        if (size.IsDecimal || size.Number > SizeLimit.TooLargeMiB * (1 << 20))
            return string.Empty;

        (double number, string unit) = size.Number >= 1 << 20 ? (size.Number / (1 << 20), "MB") : (size.Number / 1024, "KB");
        return string.Create(CultureInfo.InvariantCulture, $"Did you mean {number:0.##}{unit}? Write it in quotes, '{number:0.##}{unit}': without quotes PowerShell turns it into a number of bytes. ");
    }

    private static ResizeLoraException At(string errorId, string text, int position, string problem) =>
        New(errorId, text, $"The recipe '{text}' is wrong{(position < 0 ? string.Empty : $" at position {position + 1}")}: {problem} {ValidKeys}");

    private static ResizeLoraException New(string errorId, string text, string message) =>
        new(errorId, FaultKind.InvalidArgument, text, message);
}
