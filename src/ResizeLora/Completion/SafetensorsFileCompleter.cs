using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes paths as the engine does, but of files only those that can be meant.</summary>
internal class SafetensorsFileCompleter : QuietCompleter
{
    /// <summary>How names of files end that can be meant.</summary>
    private protected virtual IReadOnlyList<string> Extensions { get; } = [".safetensors"];

    /// <summary>Whether a path can be meant.</summary>
    private protected virtual bool IsOffered(CompletionResult result) =>
        result.ResultType == CompletionResultType.ProviderContainer
        || Extensions.Any(extension => result.ListItemText.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) =>
        CompletionCompleters.CompleteFilename(word.Typed).Where(IsOffered);
}
