using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes paths for parameters without wildcards, where a bracket is a bracket.</summary>
internal class LiteralSafetensorsFileCompleter : SafetensorsFileCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) =>
        base.Complete(word, boundParameters)
            .Select(result => (Result: result, Text: QuotedWord.TextOf(result.CompletionText)))
            .Where(item => item.Text is not null)
            .Select(item => new CompletionResult(word.With(WildcardPattern.Unescape(item.Text!)), item.Result.ListItemText, item.Result.ResultType, item.Result.ToolTip));
}
