using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>Reads the recipe language: <c>key[=value]</c> separated by commas, recipes separated by colons.</summary>
internal static class RecipeParser
{
    /// <exception cref="ResizeLoraException">The text is no valid recipe.</exception>
    public static IReadOnlyList<ResizeRecipe> ParseAll(string text)
    {
        var recipes = new List<ResizeRecipe>();
        int start = 0;
        foreach (string part in text.Split(':'))
        {
            recipes.Add(ParseOne(text, start, part));
            start += part.Length + 1;
        }

        return recipes;
    }

    /// <summary>Checks numbers, wherever they come from, and makes the recipe.</summary>
    public static ResizeRecipe Build(string text, IReadOnlyDictionary<ScoreReference, double> weights, double? threshold, double? sizeMiB, double rescale)
    {
        if (threshold is null && sizeMiB is null)
            throw RecipeFault.NoSelection(text);

        double sum = weights.Values.Sum();
        if (!(sum > 0) || !double.IsFinite(sum))
            throw RecipeFault.WeightSum(text, sum);

        return new ResizeRecipe(weights, threshold, sizeMiB, rescale);
    }

    private static ResizeRecipe ParseOne(string text, int start, string recipe)
    {
        if (string.IsNullOrWhiteSpace(recipe))
            throw RecipeFault.Empty(text, start);

        var weights = new Dictionary<ScoreReference, double>();
        var selection = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string item in recipe.Split(','))
        {
            ParseItem(text, start, item, weights, selection);
            start += item.Length + 1;
        }

        return Build(
            recipe.Trim(),
            weights,
            selection.TryGetValue(RecipeKeys.Threshold, out double threshold) ? threshold : null,
            selection.TryGetValue(RecipeKeys.Size, out double size) ? size : null,
            selection.GetValueOrDefault(RecipeKeys.Rescale, 1));
    }

    private static void ParseItem(
        string text,
        int start,
        string item,
        Dictionary<ScoreReference, double> weights,
        Dictionary<string, double> selection)
    {
        int position = start + item.Length - item.TrimStart().Length;
        if (string.IsNullOrWhiteSpace(item))
            throw RecipeFault.EmptyItem(text, start);

        int equals = item.IndexOf('=', StringComparison.Ordinal);
        string key = (equals < 0 ? item : item[..equals]).Trim();
        string? value = equals < 0 ? null : item[(equals + 1)..].Trim();
        if (!RecipeKeys.All.Contains(key))
            throw RecipeFault.UnknownKey(text, position, key);
        if (value is { Length: 0 })
            throw RecipeFault.EmptyValue(text, position, key);

        bool isScore = RecipeKeys.Scores.Any(score => score.Key == key);
        double number = value is null
            ? isScore ? 1 : throw RecipeFault.EmptyValue(text, position, key)
            : ParseNumber(text, start + item.IndexOf(value, equals + 1, StringComparison.Ordinal), key, value);
        bool added = isScore
            ? weights.TryAdd(RecipeKeys.Scores.First(score => score.Key == key).Reference, number)
            : selection.TryAdd(key, number);
        if (!added)
            throw RecipeFault.RepeatedKey(text, position, key);
    }

    private static double ParseNumber(string text, int position, string key, string value)
    {
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
            throw RecipeFault.NotANumber(text, position, key, value);

        return key is RecipeKeys.Size or RecipeKeys.Rescale && number <= 0
            ? throw RecipeFault.NotPositive(text, position, key, value)
            : number;
    }
}
