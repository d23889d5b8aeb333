using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes numbers with nothing: without it, the engine offers files.</summary>
internal sealed class NumberCompleter : QuietCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) => [];
}
