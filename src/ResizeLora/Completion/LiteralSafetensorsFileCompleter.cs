using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes paths for parameters without wildcards, where a bracket is a bracket.</summary>
internal sealed class LiteralSafetensorsFileCompleter : SafetensorsFileCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) =>
        base.Complete(word, boundParameters).Select(result =>
            new CompletionResult(WildcardPattern.Unescape(result.CompletionText), result.ListItemText, result.ResultType, result.ToolTip));
}
