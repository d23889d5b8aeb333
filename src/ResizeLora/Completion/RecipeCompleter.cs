using System.Collections;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Completion;

/// <summary>Completes recipes: keys, after a comma or colon the next one, and after an equals sign a value to start from.</summary>
internal sealed class RecipeCompleter : QuietCompleter
{
    /// <summary>Recipes to begin with.</summary>
    private static readonly (string Text, string Meaning)[] Ready =
    [
        (ResizeRecipe.Default.Recipe, "The default: keeps what is strong compared with the base model; needs -Checkpoint"),
        ("spn_lora=1,thr=-0.7", "Keeps what is strong within each layer; needs no checkpoint"),
        ("spn_lora=1,size=32", "The best that fits into 32 MiB; needs no checkpoint"),
    ];

    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters)
    {
        int recipeStart = word.Text.LastIndexOf(':') + 1;
        int itemStart = Math.Max(recipeStart, word.Text.LastIndexOf(',') + 1);
        string item = word.Text[itemStart..].TrimStart();
        string before = word.Text[..^item.Length];
        RecipeKey?[] usedBefore = Keys(word.Text[recipeStart..itemStart]);
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        string typed = (equals < 0 ? item : item[..equals]).Trim();
        if (word.Text.Length == 0)
            return Ready.Select(recipe => Whole(word, recipe.Text, recipe.Meaning)).Concat(RecipeKey.All.Select(next => Result(word, before, next)));
        if (equals < 0)
            return Unused(usedBefore).Where(next => next.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Select(next => Result(word, before, next));

        RecipeKey? key = RecipeKey.Find(typed);
        if (string.IsNullOrWhiteSpace(item[(equals + 1)..]))
            return key?.Examples.Select(example => Result(word, before, key, example)) ?? [];

        return Unused([.. usedBefore, key]).Select(next => Result(word, $"{word.Text},", next));
    }

    /// <summary>A whole recipe, after which nothing need be typed.</summary>
    private static CompletionResult Whole(QuotedWord word, string recipe, string meaning)
    {
        string quote = word.Quote.Length > 0 ? word.Quote : "'";
        return new CompletionResult(quote + recipe + quote, recipe, CompletionResultType.ParameterValue, meaning);
    }

    private static RecipeKey?[] Keys(string items) => [.. items.Split(',').Select(item => RecipeKey.Find(item.Split('=')[0].Trim()))];

    private static IEnumerable<RecipeKey> Unused(RecipeKey?[] used) => RecipeKey.All.Where(key => !used.Contains(key));

    /// <summary>
    /// Always in quotes, because PowerShell takes a recipe apart at its commas otherwise; and the quote stays open unless it
    /// was closed before, because there is more to type.
    /// </summary>
    private static CompletionResult Result(QuotedWord word, string before, RecipeKey key, string? value = null)
    {
        string quote = word.Quote.Length > 0 ? word.Quote : "'";
        string text = $"{quote}{before}{key.Name}={value}{(word.IsClosed ? quote : string.Empty)}";
        return new CompletionResult(text, value ?? key.Name, CompletionResultType.ParameterValue, $"{key.Name}: {key.Help}");
    }
}
