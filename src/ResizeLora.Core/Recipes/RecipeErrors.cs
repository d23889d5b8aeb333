using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>Every error of the recipe language, worded in one place. What keys there are comes from their table.</summary>
internal static class RecipeErrors
{
    private static readonly string ValidKeys = $"Valid keys: {string.Join(", ", RecipeKey.All.Select(key => key.Name))}.";

    private static readonly string ScoreExample = Example(RecipeKey.All.OfType<ScoreReference>().First());

    public static ResizeLoraException UnknownKey(string text, int? position, string name) =>
        At("RecipeUnknownKey", text, position, $"unknown key '{name}'{(RecipeKey.Closest(name) is { } closest ? $"; did you mean '{closest.Name}'?" : ".")}");

    public static ResizeLoraException RepeatedKey(string text, int? position, RecipeKey key) =>
        At("RecipeRepeatedKey", text, position, $"'{key.Name}' is given twice.");

    public static ResizeLoraException EmptyValue(string text, int? position, RecipeKey key) =>
        At("RecipeEmptyValue", text, position, $"'{key.Name}' has no value; write, for example, {Example(key)}.");

    public static ResizeLoraException NotANumber(RecipeValue value) =>
        At("RecipeNotANumber", value, $"'{value.Text}' is not a finite number for '{value.Key.Name}'. Write decimals with a point, such as -1.2.");

    public static ResizeLoraException DecimalComma(string text, int? position, string value) =>
        At("RecipeNotANumber", text, position, $"'{value}' is not a number: {WrittenNumber.Advice(value)}.{(position is null ? string.Empty : " A comma comes before the next key.")}");

    public static ResizeLoraException NumberWithComma(string value) =>
        New("NotANumber", value, $"'{value}' is not a number: {WrittenNumber.Advice(value)}.");

    public static ResizeLoraException NotWhole(double value) =>
        New("NotAWholeNumber", value.ToString(CultureInfo.InvariantCulture), string.Create(CultureInfo.InvariantCulture, $"{value} is not a whole number."));

    public static ResizeLoraException NotASize(RecipeValue value) =>
        At("RecipeNotANumber", value, $"'{value.Text}' is not a size for '{value.Key.Name}': write MiB as a plain number, such as 32, or a unit: {SizeLimit.UnitNames}.");

    public static ResizeLoraException SizeTooLarge(RecipeValue value, SizeLimit size) =>
        At("RecipeSizeTooLarge", value, string.Create(CultureInfo.InvariantCulture, $"'{value.Text}' is {SizeLimit.TooLargeMiB} MiB or more, larger than any adapter. {Meant(size)}A plain number is in MiB."));

    public static ResizeLoraException OutOfRange(RecipeValue value, string condition, double number) =>
        At(number <= 0 ? "RecipeNotPositive" : "RecipeOutOfRange", value, $"'{value.Key.Name}' must be {condition}, not {value.Text}.");

    public static ResizeLoraException EmptyItem(string text, int? position) =>
        At("RecipeEmptyItem", text, position, "a key is missing between two commas.");

    public static ResizeLoraException Empty(string text, int? position) =>
        At("RecipeEmpty", text, position, "the recipe is empty; write, for example, spn_ckpt=1,thr=-1.2.");

    public static ResizeLoraException MoreThanOne(string text) =>
        New("RecipeMoreThanOne", text, $"'{text}' contains several recipes, but only one is expected here.");

    public static ResizeLoraException NotAWholeNumber(RecipeValue value) =>
        At("RecipeNotANumber", value, $"'{value.Text}' is not a whole number for '{value.Key.Name}'.");

    public static ResizeLoraException UnknownObjective(RecipeValue value) =>
        At("RecipeNotANumber", value, $"'{value.Text}' is not a value of '{value.Key.Name}'. Write {string.Join(" or ", value.Key.Examples.Select(example => $"{value.Key.Name}={example}"))}.");

    public static ResizeLoraException Exclusive(string text, string first, string second, string reason) =>
        New("RecipeKeysExclusive", text, $"The recipe '{text}' has both '{first}' and '{second}', but {reason}. Leave one of them out.");

    public static ResizeLoraException MethodWithLimit(string text, SelectionKey method, SelectionKey limit) =>
        New("RecipeKeysExclusive", text, $"The recipe '{text}' has both '{method.Name}' and '{limit.Name}', but {method.Name} decides on each layer by itself, and {limit.Name} over all layers. Leave one of them out, or write minimize={Objective.Error} or {ScoreExample} instead of {method.Name}.");

    /// <param name="text">The recipe.</param>
    /// <param name="roles">What it lacks one of.</param>
    public static ResizeLoraException NoSelection(string text, params RuleRole[] roles) =>
        New("RecipeNoSelection", text, $"The recipe '{text}' does not say how much to keep: add, for example, {string.Join(" or ", RecipeKey.All.OfType<SelectionKey>().Where(key => roles.Contains(key.Role)).Select(Example))}.");

    public static ResizeLoraException NothingToGoBy(string text, SelectionKey stop) => stop.Role == RuleRole.Limit
        ? New("RecipeWeightSum", text, $"The recipe '{text}' says how much to keep, but not what: add, for example, minimize={Objective.Error} or {ScoreExample}.")
        : WeightSum(text, 0);

    public static ResizeLoraException NothingButScale(string text) =>
        New("RecipeNoSelection", text, $"The recipe '{text}' does not say what to keep: add, for example, spn_ckpt=1,thr=-1.2.");

    public static ResizeLoraException WeightSum(string text, double sum) =>
        New("RecipeWeightSum", text, string.Create(CultureInfo.InvariantCulture, $"The weights of the recipe '{text}' sum to {sum}, but the sum must be positive. Give at least one, for example {ScoreExample}."));

    private static string Example(RecipeKey key) => $"{key.Name}={key.Examples[0]}";

    /// <summary>Without quotes PowerShell takes 32MB or 64KB for a number of bytes.</summary>
    private static string Meant(SizeLimit size)
    {
        if (size.IsDecimal || size.Number > SizeLimit.TooLargeMiB * (1 << 20))
            return string.Empty;

        (double number, string unit) = size.Number >= 1 << 20 ? (size.Number / (1 << 20), "MB") : (size.Number / 1024, "KB");
        return string.Create(CultureInfo.InvariantCulture, $"Did you mean {number:0.##}{unit}? Write it in quotes, '{number:0.##}{unit}': without quotes PowerShell turns it into a number of bytes. ");
    }

    private static ResizeLoraException At(string errorId, RecipeValue value, string problem) => At(errorId, value.Recipe, value.Position, problem);

    private static ResizeLoraException At(string errorId, string text, int? position, string problem) =>
        New(errorId, text, $"The recipe '{text}' is wrong{(position is null ? string.Empty : $" at position {position + 1}")}: {problem} {ValidKeys}");

    private static ResizeLoraException New(string errorId, string text, string message) =>
        new(errorId, FaultKind.InvalidArgument, text, message);
}
