using System.Text;
using System.Text.RegularExpressions;

namespace ResizeLora.Core.Tests.Architecture;

/// <summary>
/// What documents say of the folders is what the compiled code does. With RESIZELORA_UPDATE_ARCHITECTURE=1, as
/// docs/Update-Architecture.ps1 sets it, the documents are brought up to date instead.
/// </summary>
public sealed partial class FolderDocumentTests
{
    private const int MostLines = 10;

    private static readonly string Root = Path.GetFullPath(Path.Combine(CoreFolders.Source, "..", ".."));

    public static TheoryData<string> Folders => [.. CoreFolders.Order];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_says_in_a_few_lines_what_lives_in_it_what_it_uses_and_which_tests_show_that_it_is_right(string folder)
    {
        string path = Path.Combine(CoreFolders.Source, folder, "README.md");
        string[] lines = File.ReadAllLines(path);
        Assert.InRange(lines.Length, 1, MostLines);
        Assert.Equal($"# {folder}", lines[0]);
        Compare(path, UsesLine(), $"Uses {Used(folder)}.");

        string[] tests = [.. TestName().Matches(string.Join('\n', lines)).Select(match => match.Groups["name"].Value)];
        Assert.NotEmpty(tests);
        Assert.All(tests, test => Assert.NotEmpty(Directory.GetFiles(Path.Combine(Root, "tests"), $"{test}.cs", SearchOption.AllDirectories)));
    }

    [Fact]
    public void The_list_and_the_picture_of_the_folders_are_those_of_the_code() =>
        Compare(Path.Combine(Root, "docs", "architecture.md"), Drawn(), $"\n\n{FolderPicture.Of(CoreFolders.Map)}\n{List()}\n");

    /// <summary>What uses no other folder and is used by none would be an island.</summary>
    [Fact]
    public void The_picture_shows_every_folder() =>
        Assert.All(CoreFolders.Order, folder => Assert.Matches($@"\b{folder}\b", FolderPicture.Of(CoreFolders.Map)));

    private static string Used(string folder)
    {
        string[] used = [.. CoreFolders.Order.Where(other => other != folder && CoreFolders.Map.Uses.Any(use => use.FromFolder == folder && use.ToFolder == other))];
        return used.Length == 0 ? "no other folder" : string.Join(", ", used);
    }

    private static string List()
    {
        var text = new StringBuilder("| folder | what lives there |\n|---|---|\n");
        foreach (string folder in CoreFolders.Order.Reverse())
            text.Append($"| `{folder}/` | {File.ReadAllLines(Path.Combine(CoreFolders.Source, folder, "README.md"))[2]} |\n");
        return text.ToString();
    }

    private static void Compare(string path, Regex place, string expected)
    {
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        Match found = Assert.Single(place.Matches(text));
        if (Environment.GetEnvironmentVariable("RESIZELORA_UPDATE_ARCHITECTURE") == "1")
            File.WriteAllText(path, text[..found.Index] + expected + text[(found.Index + found.Length)..]);
        else
            Assert.Equal(expected, found.Value);
    }

    [GeneratedRegex(@"^Uses .*\.$", RegexOptions.Multiline)]
    private static partial Regex UsesLine();

    [GeneratedRegex("`(?<name>[A-Z][A-Za-z]+Tests)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"(?<=<!-- Written by docs/Update-Architecture\.ps1\. -->).*?(?=<!-- The end of what it writes\. -->)", RegexOptions.Singleline)]
    private static partial Regex Drawn();
}
