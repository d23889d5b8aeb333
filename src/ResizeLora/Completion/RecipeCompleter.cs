using System.Collections;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Completion;

/// <summary>Completes recipes: keys, after a comma or colon the next one, and after an equals sign a value to start from.</summary>
internal sealed class RecipeCompleter : QuietCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters)
    {
        int recipeStart = word.Text.LastIndexOf(':') + 1;
        int itemStart = Math.Max(recipeStart, word.Text.LastIndexOf(',') + 1);
        string item = word.Text[itemStart..].TrimStart();
        string before = word.Text[..^item.Length];
        RecipeKey?[] usedBefore = Keys(word.Text[recipeStart..itemStart]);
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        string typed = (equals < 0 ? item : item[..equals]).Trim();
        if (equals < 0)
            return Unused(usedBefore).Where(next => next.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Select(next => Result(word, before, next));

        RecipeKey? key = RecipeKey.Find(typed);
        if (string.IsNullOrWhiteSpace(item[(equals + 1)..]))
            return key?.Examples.Select(example => Result(word, before, key, example)) ?? [];

        return Unused([.. usedBefore, key]).Select(next => Result(word, $"{word.Text},", next));
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
