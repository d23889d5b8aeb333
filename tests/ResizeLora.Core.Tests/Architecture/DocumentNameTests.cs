using System.Text.RegularExpressions;

namespace ResizeLora.Core.Tests.Architecture;

/// <summary>Files, folders and types that documents for developers name are there.</summary>
public sealed partial class DocumentNameTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(CoreFolders.Source, "..", ".."));

    /// <summary>From where documents name files.</summary>
    private static readonly string[] Bases = [Root, CoreFolders.Source, Path.Combine(Root, "src"), Path.Combine(Root, "tests")];

    private static readonly Lazy<HashSet<string>> Words = new(() =>
    [
        .. new[] { "src", "build", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories))
            .Where(path => Path.GetExtension(path) is ".cs" or ".csproj" or ".ps1" && !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(path => Word().Matches(File.ReadAllText(path)).Select(match => match.Value)),
    ]);

    [Theory]
    [InlineData("docs/architecture.md")]
    [InlineData("CONTRIBUTING.md")]
    public void What_a_document_names_is_there(string document)
    {
        string[] names = [.. Code().Matches(Fence().Replace(File.ReadAllText(Path.Combine(Root, document)), string.Empty)).Select(match => match.Groups["name"].Value)];
        Assert.NotEmpty(names);
        Assert.All(names.Where(name => FileName().IsMatch(name)), name => Assert.Contains(Bases, folder => Path.Exists(Path.Combine(folder, name))));
        Assert.All(names.Where(name => TypeName().IsMatch(name)), name => Assert.Contains(name.Split('.')[0], Words.Value));
    }

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`(?<name>[^`\n]+)`")]
    private static partial Regex Code();

    /// <summary>A path without blanks, patterns and placeholders.</summary>
    [GeneratedRegex(@"^\.?[\w.-]+/[\w./-]*$")]
    private static partial Regex FileName();

    /// <summary>A word with two capitals, such as OutputRecord.</summary>
    [GeneratedRegex(@"^[A-Z][a-z]+([A-Z][a-z]+)+(\.\w+)?$")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
