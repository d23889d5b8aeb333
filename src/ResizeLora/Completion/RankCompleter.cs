using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes ranks that hardware and loaders like.</summary>
internal sealed class RankCompleter : QuietCompleter
{
    private static readonly int[] Ranks = [8, 16, 32, 64, 128];

    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) =>
        Ranks
            .Select(rank => rank.ToString(CultureInfo.InvariantCulture))
            .Where(rank => rank.StartsWith(word.Text, StringComparison.Ordinal))
            .Select(rank => new CompletionResult(rank));
}
