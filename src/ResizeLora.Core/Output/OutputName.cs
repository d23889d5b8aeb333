using System.Globalization;
using ResizeLora.Recipes;
using ResizeLora.Recipes.Rules;

namespace ResizeLora.Output;

/// <summary>
/// The part of a file name that shows how the file was made, in the form of the original tool: the recipe's keys sorted
/// and without underscore, each with its weight, then scale, size, what differs from the default, and the threshold; such
/// as <c>spnckpt1_th-1.2</c>.
/// </summary>
internal static class OutputName
{
    private const int HashDigits = 8;

    /// <summary>Weights are shares of one. Those that are a whole number of these parts are shown with two decimals.</summary>
    private static readonly int[] Parts = [.. Enumerable.Range(1, 9), 100];

    public static string Words(OutputRecord record) => string.Join('_', All(record));

    private static IEnumerable<string> All(OutputRecord record)
    {
        ResizeRecipe recipe = record.Recipe;
        foreach (string weight in Weights(recipe).Order(StringComparer.Ordinal))
            yield return weight;
        if (recipe.Objective is { } objective)
            yield return RecipeKey.WordOf("minimize" + objective.Name);
        if (recipe.Rescale != 1)
            yield return RecipeKey.Rescale.Word + Given(recipe.Rescale);

        // The threshold comes last, as what it ended at; where the size has cut, the requested one is shown too.
        bool isGiven = record.Threshold is not null && record.Threshold == recipe.Threshold;
        foreach ((SelectionKey key, SelectionRule rule) in recipe.Rules.OrderBy(rule => rule.Rule is ThresholdRule))
        {
            if (rule is not ThresholdRule || !isGiven)
                yield return key.Word + rule.Value;
        }

        foreach ((string option, int? value) in record.RankLimits.Given)
            yield return string.Create(CultureInfo.InvariantCulture, $"{option.ToLowerInvariant()}{value}");
        if (record.Layers != LayerChoice.All)
            yield return "layers" + record.Layers[..HashDigits];
        if (record.UnmatchedLayer is { } unmatched and not UnmatchedLayer.Keep)
            yield return "unmatched" + unmatched.ToString().ToLowerInvariant();
        if (record.Precision != ResizePrecision.Float16)
            yield return record.Precision.ShortName();
        if (recipe.ReadsScores)
            yield return "th" + (isGiven ? Given(recipe.Threshold!.Value) : Found(record.Threshold ?? double.NaN));
    }

    /// <summary>
    /// As shares of one in two decimals, as in the original, if that is enough: <c>2,1</c> are 0.67 and 0.33. Else
    /// as they were given, for 0.83 and 0.17 would be <c>1,0.2</c> and <c>1,0.21</c> alike.
    /// </summary>
    private static IEnumerable<string> Weights(ResizeRecipe recipe)
    {
        bool areTold = Parts.Any(parts => recipe.Score.Weights.All(weight => IsWhole(weight.Share * parts)))
            && (recipe.Score.Weights.Count == 1 || recipe.Score.Weights.All(weight => IsShort(weight.Given)));
        return recipe.Score.Weights.Select(weight => weight.Reference.Word + (areTold ? Found(weight.Share) : Given(weight.Given)));
    }

    private static bool IsWhole(double value) => Math.Round(value) != 0 && Math.Abs(value - Math.Round(value)) < 1e-9;

    /// <summary>Whether a weight has so few digits that shares which look the same are.</summary>
    private static bool IsShort(double weight) => double.Parse(weight.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) == weight;

    /// <summary>A number from a recipe: with two decimals if these are exact, else in full.</summary>
    private static string Given(double value) =>
        Math.Round(value, 2) == value && Math.Abs(value) < 1e15 ? Found(value) : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A number that was found: at most two decimals, without trailing zeros; exact halves go to even, as in Python.</summary>
    private static string Found(double value)
    {
        if (double.IsInfinity(value))
            return value < 0 ? "-inf" : "inf";

        string text = Math.Round(value, 2).ToString("F2", CultureInfo.InvariantCulture).TrimEnd('0').TrimEnd('.');
        return text == "-0" ? "0" : text;
    }
}
