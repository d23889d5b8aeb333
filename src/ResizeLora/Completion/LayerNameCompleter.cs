using System.Collections;
using System.Management.Automation;
using ResizeLora.Adapters;

namespace ResizeLora.Completion;

/// <summary>Completes names of layers from the headers of the files that the command line names.</summary>
internal sealed class LayerNameCompleter : QuietCompleter
{
    /// <summary>A folder may contain thousands of files, and the user is waiting.</summary>
    private const int MostFiles = 4;

    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters)
    {
        // A name that a terminal would obey is better typed with a wildcard than shown.
        string[] names = [.. NamedFiles.Of(boundParameters).Take(MostFiles).SelectMany(LayerNames).Where(DisplayText.IsHarmless).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

        // All names of a file start alike; a word from the middle of a name will do too.
        string[] matches = Matching(names, $"{word.Text}*");
        return (matches.Length > 0 ? matches : Matching(names, $"*{word.Text}*"))
            .Select(name => new CompletionResult(word.With(WildcardPattern.Escape(name)), name, CompletionResultType.ParameterValue, name));
    }

    private static string[] Matching(string[] names, string pattern)
    {
        var wildcard = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        return [.. names.Where(wildcard.IsMatch)];
    }

    private static IEnumerable<string> LayerNames(string path)
    {
        try
        {
            using var source = AdapterSource.Open(path);
            return AdapterContents.Read(source).Layers.Select(layer => layer.Name);
        }
        catch (ResizeLoraException)
        {
            // Another of the files may be readable.
            return [];
        }
    }
}
