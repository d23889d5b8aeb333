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

    private static ResizeRecipe ParseOne(string text, int start, string recipe)
    {
        if (string.IsNullOrWhiteSpace(recipe))
            throw RecipeErrors.Empty(text, start);

        var parts = new RecipeParts();
        var given = new HashSet<RecipeKey>();
        foreach ((int position, RecipeValue value) in Items(text, start, recipe))
        {
            if (!given.Add(value.Key))
                throw RecipeErrors.RepeatedKey(text, position, value.Key);

            value.Key.AddTo(parts, value);
        }

        return ResizeRecipe.Of(recipe.Trim(), parts);
    }

    private static List<(int Position, RecipeValue Value)> Items(string text, int start, string recipe)
    {
        var items = new List<(int Position, RecipeValue Value)>();
        foreach (string part in recipe.Split(','))
        {
            items.Add(Item(text, start, part, items.LastOrDefault().Value));
            start += part.Length + 1;
        }

        return items;
    }

    /// <summary>One <c>key[=value]</c>, and where it begins.</summary>
    private static (int Position, RecipeValue Value) Item(string text, int start, string item, RecipeValue? before)
    {
        if (string.IsNullOrWhiteSpace(item))
            throw RecipeErrors.EmptyItem(text, start);

        int position = start + item.Length - item.TrimStart().Length;
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        string name = (equals < 0 ? item : item[..equals]).Trim();
        string? value = equals < 0 ? null : item[(equals + 1)..].Trim();
        if (before?.Text is { } whole && int.TryParse(whole, CultureInfo.InvariantCulture, out _) && name.Length > 0 && char.IsAsciiDigit(name[0]))
            throw RecipeErrors.DecimalComma(text, before.Position, $"{whole},{name}");

        RecipeKey key = RecipeKey.Find(name) ?? throw RecipeErrors.UnknownKey(text, position, name);
        if (value is { Length: 0 } || (value is null && !key.MayStandAlone))
            throw RecipeErrors.EmptyValue(text, position, key);

        return (position, new RecipeValue(text, value is null ? position : start + item.IndexOf(value, equals + 1, StringComparison.Ordinal), key, value));
    }
}
