using System.Collections;
using System.Management.Automation;
using ResizeLora.Output;

namespace ResizeLora.Completion;

/// <summary>Completes paths of outputs: folders, and place-holders after a brace. Existing files are not suggested as new ones.</summary>
internal sealed class OutFileCompleter : FolderCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters)
    {
        int brace = word.Text.LastIndexOf('{');
        if (brace < 0 || word.Text.IndexOf('}', brace) >= 0)
            return base.Complete(word, boundParameters);

        // The quote stays open, because there is more to type.
        string quote = word.Quote.Length > 0 ? word.Quote : "'";
        return OutputPath.Placeholders
            .Where(placeholder => placeholder.Mark.StartsWith(word.Text[brace..], StringComparison.OrdinalIgnoreCase) && (brace == 0 || !placeholder.IsFirst))
            .Select(placeholder => new CompletionResult($"{quote}{word.Text[..brace]}{placeholder.Mark}{(word.IsClosed ? quote : string.Empty)}", placeholder.Mark, CompletionResultType.ParameterValue, placeholder.Meaning));
    }
}
