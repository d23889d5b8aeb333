using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes number formats by their names and by those that trainers use.</summary>
internal sealed class PrecisionCompleter : QuietCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) =>
        Enum.GetNames<ResizePrecision>()
            .Concat(Enum.GetValues<ResizePrecision>().Where(precision => precision != ResizePrecision.Source).Select(precision => precision.ShortName()))
            .Where(name => name.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
            .Select(name => new CompletionResult(word.With(name), name, CompletionResultType.ParameterValue, name));
}
