using System.Text.RegularExpressions;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>The texts that users read, as they lie in the checkout.</summary>
internal static partial class HelpSource
{
    /// <summary>The folder with ResizeLora.psd1.</summary>
    public static string Root { get; } = Path.GetDirectoryName(BuiltModule.Manifest)!;

    public static string SampleScript { get; } = Path.Combine(Root, "docs", "quickstart-sample.ps1");

    public static string ReadmePath { get; } = Path.Combine(Root, "README.md");

    public static string Readme { get; } = ReadText(ReadmePath);

    /// <summary>The folder where Get-Help looks.</summary>
    public static string Shipped { get; } = Path.Combine(Root, "en-US");

    private static string PageFolder => Path.Combine(Root, "docs", "en-US");

    public static IReadOnlyList<MarkdownPage> Pages { get; } =
    [
        .. Directory.EnumerateFiles(PageFolder, "*.md")
            .Order(StringComparer.Ordinal)
            .Select(path => new MarkdownPage(Path.GetFileNameWithoutExtension(path), ReadText(path))),
    ];

    /// <summary>The about topics by name.</summary>
    public static IReadOnlyDictionary<string, string> Topics { get; } = Directory.EnumerateFiles(Shipped, "about_*.help.txt")
        .ToDictionary(path => Path.GetFileName(path)[..^".help.txt".Length], ReadText, StringComparer.Ordinal);

    /// <summary>The page of a cmdlet.</summary>
    public static string PathOf(string command) => Path.Combine(PageFolder, command + ".md");

    /// <summary>The PowerShell code of a markdown text.</summary>
    public static IReadOnlyList<string> CodeBlocks(string markdown) =>
        [.. CodeBlock().Matches(markdown).Select(match => match.Groups["code"].Value)];

    /// <summary>The examples of an about topic: lines set in by four blanks of which the first begins a command.</summary>
    public static IReadOnlyList<string> TopicExamples(string topic) =>
        [.. TopicExample().Matches(topic).Select(match => match.Value)];

    public static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string ReadText(string path) => File.ReadAllText(path).ReplaceLineEndings("\n");

    [GeneratedRegex(@"^```powershell\n(?<code>.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"(?<=\n\n)    (\$\w|(Get|Invoke|New|Clear)-\w+ ).*(\n    .*)*(?=\n\n|\n*$)")]
    private static partial Regex TopicExample();
}
