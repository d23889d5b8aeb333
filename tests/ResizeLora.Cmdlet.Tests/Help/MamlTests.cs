using System.Management.Automation;
using System.Text.RegularExpressions;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>The help file agrees with the cmdlets and with the markdown that it is made from by docs/Update-Help.ps1.</summary>
public sealed partial class MamlTests : IDisposable
{
    private readonly ModuleSession _session = new();

    public static TheoryData<string> Commands => [.. HelpSource.Pages.Select(page => page.Command)];

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Each_cmdlet_has_a_page_and_an_entry()
    {
        string[] exported = [.. _session.Run("(Get-Module ResizeLora).ExportedCmdlets.Keys").OutputAs<string>().Order(StringComparer.Ordinal)];

        Assert.Equal(exported, HelpSource.Pages.Select(page => page.Command));
        Assert.Equal(exported, MamlHelp.Commands);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Syntax_is_that_of_the_cmdlet(string command)
    {
        string[] syntax =
        [
            .. Info(command).ParameterSets
                .Select(set => ParameterLine.Join(set.Parameters.Where(IsOwn).Select(ParameterLine.Of)))
                .Order(StringComparer.Ordinal),
        ];

        Assert.Equal(syntax, MamlHelp.Syntax(command));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Each_parameter_is_described(string command)
    {
        IReadOnlyDictionary<string, (string Line, string Description)> described = MamlHelp.Parameters(command);
        CommandParameterInfo[] parameters = [.. Info(command).ParameterSets.SelectMany(set => set.Parameters).Where(IsOwn).DistinctBy(parameter => parameter.Name)];

        Assert.Equal(parameters.Select(ParameterLine.Of).Order(StringComparer.Ordinal), described.Values.Select(value => value.Line).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(described.Values, value => value.Description.Trim().Length < 10);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Texts_are_those_of_the_markdown(string command)
    {
        MarkdownPage page = Page(command);

        Assert.Equal(HelpSource.Words(page.Synopsis), HelpSource.Words(MamlHelp.Synopsis(command)));
        Assert.NotEmpty(MamlHelp.Description(command));
        Assert.Equal(
            page.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {string.Join(' ', HelpSource.Words(pair.Value))}"),
            MamlHelp.Parameters(command).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {string.Join(' ', HelpSource.Words(pair.Value.Description))}"));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Examples_are_those_of_the_markdown(string command)
    {
        IReadOnlyList<HelpExample> examples = Page(command).Examples;

        Assert.Equal(examples, MamlHelp.Examples(command));
        Assert.True(examples.Count >= 3);
    }

    [Theory]
    [InlineData("\u0080")]
    [InlineData("```")]
    [InlineData("{{")]
    [InlineData(".md")]
    public void Nothing_is_left_of_the_making(string text) =>
        Assert.DoesNotContain(text, Address().Replace(MamlHelp.Document.Root!.Value, ""), StringComparison.Ordinal);

    private static MarkdownPage Page(string command) => HelpSource.Pages.Single(page => page.Command == command);

    private static bool IsOwn(CommandParameterInfo parameter) => !System.Management.Automation.Cmdlet.CommonParameters.Contains(parameter.Name);

    [GeneratedRegex(@"https://\S+")]
    private static partial Regex Address();

    private CmdletInfo Info(string command) => _session.Run("Get-Command $args[0]", command).Only<CmdletInfo>();
}
