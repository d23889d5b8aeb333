using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>Reads the recipe language: <c>key[=value]</c> separated by commas, recipes separated by colons.</summary>
internal static class RecipeParser
{
    /// <exception cref="ResizeLoraException">The text is not a valid recipe.</exception>
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

    /// <summary>Makes a recipe of keys with their values, as hashtables and parameters have them. Keys may have the names of parameters too.</summary>
    /// <exception cref="ResizeLoraException">They make no recipe.</exception>
    public static ResizeRecipe ParsePairs(IReadOnlyList<(string Key, string Value)> pairs)
    {
        string text = string.Join(',', pairs.Select(pair => $"{pair.Key}={pair.Value}"));
        if (pairs.Count == 0)
            throw RecipeErrors.Empty(text, null);

        return Make(text, text, [.. pairs.Select(pair => Pair(text, pair.Key, pair.Value))]);
    }

    private static ResizeRecipe ParseOne(string text, int start, string recipe)
    {
        if (string.IsNullOrWhiteSpace(recipe))
            throw RecipeErrors.Empty(text, start);

        var items = new List<Item>();
        foreach (string part in recipe.Split(','))
        {
            items.Add(Parse(text, start, part, items.LastOrDefault().Value));
            start += part.Length + 1;
        }

        return Make(text, recipe.Trim(), items);
    }

    private static ResizeRecipe Make(string text, string recipe, List<Item> items)
    {
        var parts = new RecipeParts();
        var given = new HashSet<RecipeKey>();
        foreach ((int? position, RecipeValue value) in items)
        {
            if (!given.Add(value.Key))
                throw RecipeErrors.RepeatedKey(text, position, value.Key);

            value.Key.AddTo(parts, value);
        }

        return ResizeRecipe.Of(recipe, parts);
    }

    private static Item Parse(string text, int start, string item, RecipeValue? before)
    {
        if (string.IsNullOrWhiteSpace(item))
            throw RecipeErrors.EmptyItem(text, start);

        int position = start + item.Length - item.TrimStart().Length;
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        string name = (equals < 0 ? item : item[..equals]).Trim();
        string? value = equals < 0 ? null : item[(equals + 1)..].Trim();
        if (before?.Text is { } whole && int.TryParse(TypedNumber.Plain(whole), CultureInfo.InvariantCulture, out _) && char.IsAsciiDigit(name.FirstOrDefault()))
            throw RecipeErrors.DecimalComma(text, before.Position, $"{whole},{name}");

        RecipeKey key = RecipeKey.Find(name) ?? throw RecipeErrors.UnknownKey(text, position, name);
        if (value is { Length: 0 } || (value is null && !key.MayStandAlone))
            throw RecipeErrors.EmptyValue(text, position, key);

        int valuePosition = value is null ? position : start + item.IndexOf(value, equals + 1, StringComparison.Ordinal);
        return new Item(position, new RecipeValue(text, valuePosition, key, value));
    }

    private static Item Pair(string text, string name, string value)
    {
        RecipeKey key = RecipeKey.FindParameter(name) ?? throw RecipeErrors.UnknownKey(text, null, name);
        return value.Length == 0 ? throw RecipeErrors.EmptyValue(text, null, key)
            : value.Contains(',', StringComparison.Ordinal) ? throw RecipeErrors.DecimalComma(text, null, value)
            : new Item(null, new RecipeValue(text, null, key, value));
    }

    /// <summary>One <c>key[=value]</c>, and where its key begins.</summary>
    private readonly record struct Item(int? Position, RecipeValue Value);
}
