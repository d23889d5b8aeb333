using ResizeLora.Adapters;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>The outputs that earlier runs made from one input, by the files' own metadata.</summary>
internal sealed class ExistingOutputs(OutputPath output, AdapterLocation input)
{
    private List<(string Path, IReadOnlyDictionary<string, string> Recorded)>? _known;

    /// <summary>A file that the same work has made, by whatever name that may be an output's; or null.</summary>
    /// <param name="wanted">How the output would be made. Evaluated only if there is something to compare with, as it needs the input's hash.</param>
    public string? Find(Func<OutputRecord> wanted)
    {
        _known ??= [.. Known()];
        return _known.Count == 0 ? null : _known.Find(file => wanted().DifferencesFrom(file.Recorded).Count == 0).Path;
    }

    /// <summary>How a file was made; null where it does not say. Writing over one that can't be read will say what is wrong.</summary>
    public static IReadOnlyDictionary<string, string>? Recorded(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(AdapterLocation.Of(path).Weights);
            return OutputMetadata.Recorded(file.Header);
        }
        catch (ResizeLoraException)
        {
            return null;
        }
    }

    private IEnumerable<(string Path, IReadOnlyDictionary<string, string> Recorded)> Known()
    {
        string folder = output.FolderOf(input);
        if (!Directory.Exists(folder))
            yield break;

        (string begin, string end) = output.NamesOf(input);
        foreach (string path in input.IsFolder ? Directory.EnumerateDirectories(folder).Where(AdapterLocation.IsAdapter) : Directory.EnumerateFiles(folder))
        {
            ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
            if (name.StartsWith(begin, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal) && Recorded(path) is { } recorded)
                yield return (path, recorded);
        }
    }
}
