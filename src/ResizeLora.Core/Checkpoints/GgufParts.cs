using System.Globalization;
using System.Text.RegularExpressions;

namespace ResizeLora.Checkpoints;

/// <summary>The parts that llama.cpp splits a GGUF file into, model-00001-of-00003.gguf and so on, all in one folder.</summary>
/// <remarks>llama_split_path in https://github.com/ggml-org/llama.cpp.</remarks>
internal static partial class GgufParts
{
    /// <summary>All parts of the model that a file is one of; the file alone if its name indicates no others.</summary>
    /// <exception cref="ResizeLoraException">Parts are missing.</exception>
    public static IReadOnlyList<string> Of(string path)
    {
        Match name = PartName().Match(Path.GetFileName(path));
        if (!name.Success || !File.Exists(path))
            return [path];

        int count = int.Parse(name.Groups["count"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        string[] parts = [.. Enumerable.Range(1, count).Select(number => Path.Combine(
            Path.GetDirectoryName(path) ?? string.Empty,
            string.Create(CultureInfo.InvariantCulture, $"{name.Groups["stem"].Value}-{number:D5}-of-{count:D5}.gguf")))];
        string[] missing = [.. parts.Where(part => !File.Exists(part))];
        return missing.Length == 0 ? parts : throw CheckpointErrors.PartsMissing(path, missing);
    }

    /// <summary>The name of the model that a file is, or is a part of.</summary>
    public static string NameOf(string path) => PartName().Match(Path.GetFileName(path)) is { Success: true } name ? name.Groups["stem"].Value : Path.GetFileNameWithoutExtension(path);

    [GeneratedRegex(@"^(?<stem>.+)-[0-9]{5}-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.ExplicitCapture)]
    private static partial Regex PartName();
}
