using System.Management.Automation;
using System.Text.RegularExpressions;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>Get-Help finds the help where the module has it.</summary>
public sealed class GetHelpTests : IDisposable
{
    private readonly ModuleSession _session = new();

    public static TheoryData<string> Commands => [.. HelpSource.Pages.Select(page => page.Command)];

    public static TheoryData<string> Topics => [.. HelpSource.Topics.Keys];

    public void Dispose() => _session.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public void Of_a_cmdlet(string command)
    {
        PSObject help = Assert.Single(_session.RunOrThrow("Get-Help $args[0] -Full", command));

        Assert.Equal(HelpSource.Words(MamlHelp.Synopsis(command)), HelpSource.Words((string)help.Properties["Synopsis"].Value));
        Assert.Equal(
            MamlHelp.Examples(command).Select(example => example.Code),
            _session.RunOrThrow("(Get-Help $args[0]).Examples.Example.Code", command).Select(code => $"{code}".ReplaceLineEndings("\n")));
    }

    /// <summary>Get-Help cuts the blanks off the beginning of a paragraph, and columns must stand below each other all the same.</summary>
    [Theory]
    [MemberData(nameof(Commands))]
    public void Outputs_of_examples_stand_as_on_the_page(string command)
    {
        string shown = string.Join("\n\n", _session.RunOrThrow("(Get-Help $args[0]).Examples.Example.Remarks.Text", command).Select(text => $"{text}".ReplaceLineEndings("\n")));
        string page = File.ReadAllText(HelpSource.PathOf(command)).ReplaceLineEndings("\n");
        foreach (Match block in Regex.Matches(page, @"(?<=^```Output\n)(.*?)(?=\n```$)", RegexOptions.Singleline | RegexOptions.Multiline))
        {
            string[] lines = block.Value.Split('\n');
            int margin = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
            string[] moved = [.. lines.Select(line => line[Math.Min(margin, line.Length)..])];
            Assert.True(moved[0] == moved[0].TrimStart() || moved[1].Length == 0, $"The first line belongs to a table: {block.Value}");
            Assert.Contains(string.Join('\n', moved).TrimStart(), shown, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void Of_an_about_topic(string topic) =>
        Assert.Equal(HelpSource.Topics[topic], string.Concat(_session.RunOrThrow("Get-Help $args[0]", topic)).ReplaceLineEndings("\n"));
}
