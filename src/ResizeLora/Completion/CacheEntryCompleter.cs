using System.Collections;
using System.Management.Automation;
using ResizeLora.Common;
using ResizeLora.Norms;

namespace ResizeLora.Completion;

/// <summary>Completes hashes of the checkpoints whose norms are cached, by their first digits.</summary>
internal sealed class CacheEntryCompleter : QuietCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters)
    {
        // Problems with the cache are reported when it is used.
        var reporter = new PostponedReports();
        PathIntrinsics paths = new SessionState().Path;
        return CacheLocation.Find(paths.GetUnresolvedProviderPathFromPSPath, reporter) is not { } folder ? []
            : new NormCache(folder, reporter).Entries()
                .Where(entry => entry.Sha256.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
                .Select(entry => new CompletionResult(word.With(entry.Sha256), $"{entry.Sha256[..NormErrors.ShownDigits]} {DisplayText.Of(entry.Name)}", CompletionResultType.ParameterValue, DisplayText.Of(entry.Name)));
    }
}
