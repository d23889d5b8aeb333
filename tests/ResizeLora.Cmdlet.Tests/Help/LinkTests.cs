using System.Text.RegularExpressions;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>Links of the documents lead somewhere; those to the web begin at the project's home, as the manifest names it.</summary>
public sealed partial class LinkTests : IDisposable
{
    private readonly ModuleSession _session = new();

    public static TheoryData<string> Documents =>
    [
        .. new[] { ".", "docs", Path.Combine("docs", "en-US") }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(HelpSource.Root, folder), "*.md"))
            .Select(path => Path.GetRelativePath(HelpSource.Root, path)),
    ];

    public static TheoryData<string> Commands => [.. HelpSource.Pages.Select(page => page.Command)];

    public void Dispose() => _session.Dispose();

    [Theory]
    [MemberData(nameof(Documents))]
    public void Of_a_document_lead_to_files_and_headings(string document)
    {
        string path = Path.Combine(HelpSource.Root, document);

        foreach (Match link in Link().Matches(File.ReadAllText(path)))
        {
            string target = link.Groups["path"].Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, link.Groups["path"].Value);
            Assert.True(Path.Exists(target), link.Value);
            if (link.Groups["heading"].Success)
                Assert.Contains(link.Groups["heading"].Value, Heading().Matches(File.ReadAllText(target)).Select(heading => Anchor(heading.Groups[1].Value)));
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Of_online_help_lead_to_the_page(string command)
    {
        string home = _session.Run("(Get-Module ResizeLora).ProjectUri.AbsoluteUri").Only<string>();
        string expected = $"{home}/blob/main/docs/en-US/{command}.md";

        Assert.Equal(expected, _session.Run("(Get-Command $args[0]).HelpUri", command).Only<string>());
        Assert.Equal(expected, _session.Run("(Get-Help $args[0]).relatedLinks.navigationLink[0].uri", command).Only<string>());
        Assert.True(File.Exists(Path.Combine(HelpSource.Root, "docs", "en-US", $"{command}.md")));
    }

    /// <summary>As GitHub makes it of a heading.</summary>
    private static string Anchor(string heading) => NoAnchor().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\((?!https?:)(?<path>[^)#\s]*)(#(?<heading>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w -]")]
    private static partial Regex NoAnchor();
}
