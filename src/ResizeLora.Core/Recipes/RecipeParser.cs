using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>Reads the recipe language: <c>key[=value]</c> separated by commas, recipes separated by colons.</summary>
internal static class RecipeParser
{
    private const int NoPosition = -1;

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
    public static ResizeRecipe Build(string text, IReadOnlyDictionary<ScoreReference, double> weights, double? threshold, SizeLimit? size, double rescale)
    {
        if (threshold is null && size is null)
            throw weights.Count == 0 ? RecipeFault.NothingButScale(text) : RecipeFault.NoSelection(text);

        double sum = weights.Values.Sum();
        if (!(sum > 0) || !double.IsFinite(sum))
            throw RecipeFault.WeightSum(text, sum);

        return new ResizeRecipe(weights, threshold, size, rescale);
    }

    /// <summary>Makes a recipe of keys with their values, as hashtables have them.</summary>
    /// <exception cref="ResizeLoraException">They make no recipe.</exception>
    public static ResizeRecipe ParsePairs(IReadOnlyList<(string Key, string Value)> pairs)
    {
        string text = string.Join(',', pairs.Select(pair => $"{pair.Key}={pair.Value}"));
        return pairs.Count == 0 ? throw RecipeFault.Empty(text, NoPosition) : Make(text, text, [.. pairs.Select(pair => Item.Of(text, pair.Key, pair.Value))]);
    }

    private static ResizeRecipe ParseOne(string text, int start, string recipe) =>
        string.IsNullOrWhiteSpace(recipe) ? throw RecipeFault.Empty(text, start) : Make(text, recipe.Trim(), Items(text, start, recipe));

    private static ResizeRecipe Make(string text, string recipe, List<Item> items)
    {
        var weights = new Dictionary<ScoreReference, double>();
        var selection = new Dictionary<string, double>(StringComparer.Ordinal);
        SizeLimit? limit = null;
        foreach (Item item in items)
        {
            bool added = item.Key == RecipeKeys.Size ? limit is null
                : RecipeKeys.ReferenceOf(item.Key) is { } reference ? weights.TryAdd(reference, item.Value is null ? 1 : item.Number(text))
                : selection.TryAdd(item.Key, item.Number(text));
            if (!added)
                throw RecipeFault.RepeatedKey(text, item.Position, item.Key);

            limit ??= item.Key == RecipeKeys.Size ? item.Size(text) : null;
        }

        return Build(
            recipe,
            weights,
            selection.TryGetValue(RecipeKeys.Threshold, out double threshold) ? threshold : null,
            limit,
            selection.GetValueOrDefault(RecipeKeys.Rescale, 1));
    }

    private static List<Item> Items(string text, int start, string recipe)
    {
        var items = new List<Item>();
        foreach (string part in recipe.Split(','))
        {
            items.Add(Item.Parse(text, start, part, items.LastOrDefault()));
            start += part.Length + 1;
        }

        return items;
    }

    /// <summary>One <c>key[=value]</c> of a text, and where in it they begin.</summary>
    private sealed record Item(string Key, int Position, string? Value, int ValuePosition)
    {
        public static Item Parse(string text, int start, string item, Item? before)
        {
            if (string.IsNullOrWhiteSpace(item))
                throw RecipeFault.EmptyItem(text, start);

            int position = start + item.Length - item.TrimStart().Length;
            int equals = item.IndexOf('=', StringComparison.Ordinal);
            string typed = (equals < 0 ? item : item[..equals]).Trim();
            string? value = equals < 0 ? null : item[(equals + 1)..].Trim();
            if (before?.Value is { } whole && int.TryParse(TypedNumber.Plain(whole), CultureInfo.InvariantCulture, out _) && char.IsAsciiDigit(typed.FirstOrDefault()))
                throw RecipeFault.DecimalComma(text, before.ValuePosition, $"{whole},{typed}");

            string key = RecipeKeys.Find(typed) ?? throw RecipeFault.UnknownKey(text, position, typed);
            if (value is { Length: 0 } || (value is null && RecipeKeys.ReferenceOf(key) is null))
                throw RecipeFault.EmptyValue(text, position, key);

            return new Item(key, position, value, value is null ? position : start + item.IndexOf(value, equals + 1, StringComparison.Ordinal));
        }

        /// <summary>A key of a hashtable, which may also be called like the parameter of New-ResizeRecipe.</summary>
        public static Item Of(string text, string name, string value)
        {
            string key = RecipeKeys.FindParameter(name) ?? throw RecipeFault.UnknownKey(text, NoPosition, name);
            return value.Length == 0 ? throw RecipeFault.EmptyValue(text, NoPosition, key)
                : value.Contains(',', StringComparison.Ordinal) ? throw RecipeFault.DecimalComma(text, NoPosition, value)
                : new Item(key, NoPosition, value, NoPosition);
        }

        public double Number(string text)
        {
            if (!double.TryParse(TypedNumber.Plain(Value!), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
                throw RecipeFault.NotANumber(text, ValuePosition, Key, Value!);

            return Key == RecipeKeys.Rescale && number <= 0
                ? throw RecipeFault.NotPositive(text, ValuePosition, Key, Value!)
                : number;
        }

        public SizeLimit Size(string text)
        {
            if (SizeLimit.Parse(Value!) is not { } size)
                throw RecipeFault.NotASize(text, ValuePosition, Key, Value!);
            if (size.Number <= 0)
                throw RecipeFault.NotPositive(text, ValuePosition, Key, Value!);

            return size.InMiB >= SizeLimit.TooLargeMiB ? throw RecipeFault.SizeTooLarge(text, ValuePosition, Value!, size) : size;
        }
    }
}
