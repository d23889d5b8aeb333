using System.Text.RegularExpressions;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>The help of one cmdlet, in docs/en-US.</summary>
internal sealed partial record MarkdownPage(string Command, string Text)
{
    public string Synopsis => Section("SYNOPSIS").Trim();

    public IReadOnlyList<HelpExample> Examples =>
    [
        .. Heading().Split(Section("EXAMPLES")).Skip(1)
            .Select(text => text.Split('\n', 2))
            .Select(parts => (Title: parts[0].Trim(), Text: parts[1], Code: HelpSource.CodeBlocks(parts[1])[0]))
            .Select(example => new HelpExample(example.Title, example.Code, PlainWords(example.Text.Replace($"```powershell\n{example.Code}\n```", "", StringComparison.Ordinal)))),
    ];

    /// <summary>Descriptions of parameters by name.</summary>
    public IReadOnlyDictionary<string, string> Parameters => Heading().Split(Section("PARAMETERS")).Skip(1)
        .Where(text => text.StartsWith('-'))
        .Select(text => text.Split('\n', 2))
        .ToDictionary(parts => parts[0][1..], parts => parts[1][..parts[1].IndexOf("```yaml", StringComparison.Ordinal)].Trim(), StringComparer.Ordinal);

    public override string ToString() => Command;

    /// <summary>Text as a console shows it: nothing of the markdown is left.</summary>
    private static string PlainWords(string markdown) =>
        string.Join(' ', HelpSource.Words(Link().Replace(Fence().Replace(markdown, ""), "$1").Replace("`", "", StringComparison.Ordinal)));

    private string Section(string name)
    {
        int start = Text.IndexOf($"\n## {name}\n", StringComparison.Ordinal) + name.Length + 5;
        int end = Text.IndexOf("\n## ", start, StringComparison.Ordinal);
        return end < 0 ? Text[start..] : Text[start..end];
    }

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```\\w*$", RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("^### ", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
