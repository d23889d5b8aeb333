using System.Management.Automation;

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

    [Theory]
    [MemberData(nameof(Topics))]
    public void Of_an_about_topic(string topic) =>
        Assert.Equal(HelpSource.Topics[topic], string.Concat(_session.RunOrThrow("Get-Help $args[0]", topic)).ReplaceLineEndings("\n"));
}
