using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes number formats, by their names or as trainers call them, and says what they are.</summary>
internal sealed class PrecisionCompleter : QuietCompleter
{
    private static readonly (string Name, string Text)[] Names =
    [
        (nameof(ResizePrecision.Float16), "Half precision: what most loaders expect, and the default."),
        (nameof(ResizePrecision.BFloat16), "bfloat16: less exact, the range of single precision."),
        (nameof(ResizePrecision.Float32), "Single precision: twice the size."),
        (nameof(ResizePrecision.Source), "What each layer is stored in."),
        ("fp16", "Float16."),
        ("bf16", "BFloat16."),
        ("fp32", "Float32."),
    ];

    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) => Names
        .Where(name => name.Name.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
        .Select(name => new CompletionResult(word.With(name.Name), name.Name, CompletionResultType.ParameterValue, name.Text));
}
