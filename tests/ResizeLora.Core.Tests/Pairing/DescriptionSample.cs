using System.Text.RegularExpressions;
using ResizeLora.Checkpoints;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>The text files of families and styles, read a second time by rules of the tests' own: only to make names of.</summary>
internal static class DescriptionSample
{
    /// <summary>What stands before a layer's path, the component it means, and the style's name.</summary>
    public static IReadOnlyList<(string Style, string Prefix, string Component)> Prefixes { get; } =
    [
        .. Styles("prefix").Select(line => (line.Style, line.Words[0], line.Words[2] switch
        {
            "unet" => "Unet",
            "text_encoder" => "TextEncoder1",
            "text_encoder_2" => "TextEncoder2",
            "text_encoder_3" => "TextEncoder3",
            _ => throw new InvalidOperationException(line.Words[2]),
        })),
    ];

    /// <summary>What follows a layer's name for B and A, and how the layer's name must end.</summary>
    public static IReadOnlyList<(string Up, string Down, string[] LayerEndings)> Factors { get; } =
        [.. Styles("factors").Select(line => (line.Words[0], line.Words[1], line.Words.Length > 4 ? line.Words[4..] : []))];

    /// <summary>Old spellings of a path's last parts.</summary>
    public static IReadOnlyList<(string Old, string Current)> Spellings { get; } = [.. Styles("spelling").Select(line => (line.Words[0], line.Words[2]))];

    public static string Wrapper { get; } = Styles("wrapper").Single().Words[0];

    /// <summary>All paths that the equations of a family name, with {n} for numbers; and those of its components.</summary>
    public static IReadOnlyList<(string Components, string Path)> Paths(string family)
    {
        string file = Files("Families/").Single(name => Text(name).Contains($"family {family}\n", StringComparison.Ordinal));
        var paths = new List<(string, string)>();
        string part = string.Empty;
        (string Name, string[] Values)? list = null;
        Read(file);
        return [.. paths.Distinct()];

        void Read(string name)
        {
            foreach (string line in Lines(name))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words[0] == "part")
                    part = string.Join(' ', words[1..]);
                else if (words[0] == "for")
                    list = ($"{{{words[1]}}}", words[3..]);
                else if (words[0] == "use")
                    Read($"Families/Parts/{words[1]}.txt");
                else if (words[0] is not ("in" or "at" or "known" or "skip" or "order" or "numbered") && line.Contains(" = ", StringComparison.Ordinal))
                    paths.AddRange(Expanded(line).SelectMany(text => text.Split(" = ")).SelectMany(Terms).Select(path => (part, path)));
            }
        }

        IEnumerable<string> Expanded(string line) => list is { } named && line.Contains(named.Name, StringComparison.Ordinal)
            ? named.Values.Select(value => line.Replace(named.Name, value, StringComparison.Ordinal))
            : [line];
    }

    private static IEnumerable<string> Terms(string side)
    {
        Match common = Regex.Match(side.Trim(), @"^(?<begin>[^\s(]+)\((?<terms>.*\+.*)\)$");
        string begin = common.Success ? common.Groups["begin"].Value : string.Empty;
        foreach (string term in (common.Success ? common.Groups["terms"].Value : side).Split('+'))
        {
            // What is left of a[1/2]:in or a! (transposed) is a.
            string path = Regex.Replace(term.Trim(), @"(!|\[|:| \().*$", string.Empty);
            if (path.Length > 0 && path != "_")
                yield return begin + path;
        }
    }

    private static IEnumerable<(string Style, string[] Words)> Styles(string word) =>
        from file in Files("Styles/")
        from line in Lines(file)
        let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where words[0] == word
        select (file, words[1..]);

    private static IEnumerable<string> Files(string folder) => typeof(BaseLayer).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(folder, StringComparison.Ordinal));

    private static IEnumerable<string> Lines(string file) => Text(file).Split('\n').Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0);

    private static string Text(string file)
    {
        using var reader = new StreamReader(typeof(BaseLayer).Assembly.GetManifestResourceStream(file)!);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}
