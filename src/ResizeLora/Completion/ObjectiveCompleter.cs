using System.Collections;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Completion;

/// <summary>Completes what a recipe can make small.</summary>
internal sealed class ObjectiveCompleter : QuietCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) => Objective.All
        .Where(objective => objective.Name.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
        .Select(objective => new CompletionResult(objective.Name));
}
