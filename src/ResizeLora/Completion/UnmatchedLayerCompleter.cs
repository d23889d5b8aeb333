using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes what may happen to layers without a partner, and says what it is.</summary>
internal sealed class UnmatchedLayerCompleter : QuietCompleter
{
    private static readonly (UnmatchedLayer Value, string Text)[] Values =
    [
        (UnmatchedLayer.Keep, "They are kept unchanged, with a warning. The default."),
        (UnmatchedLayer.Drop, "They are left out, with a warning."),
        (UnmatchedLayer.Error, "They are an error, and the file is not resized."),
    ];

    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) => Values
        .Where(value => value.Value.ToString().StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
        .Select(value => new CompletionResult(word.With(value.Value.ToString()), value.Value.ToString(), CompletionResultType.ParameterValue, value.Text));
}
