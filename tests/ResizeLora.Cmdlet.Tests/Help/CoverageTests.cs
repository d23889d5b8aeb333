using ResizeLora.Checkpoints.Families;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>What is said of the module holds: nothing that it can do is forgotten, as happens when it grows.</summary>
public sealed class CoverageTests
{
    public static TheoryData<string> Families => [.. ModelFamily.All.Select(family => family.Name).Where(name => name is not ("other" or "SDXL refiner"))];

    public static TheoryData<string> Commands => [.. HelpSource.Pages.Select(page => page.Command)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Each_family_is_named_where_users_look(string family)
    {
        Assert.Contains(family, OneLine(HelpSource.Readme), StringComparison.Ordinal);
        Assert.Contains(family, OneLine(HelpSource.Topics["about_ResizeLora"]), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Each_cmdlet_is_named_where_users_look(string command)
    {
        Assert.Contains($"`{command}`", HelpSource.Readme, StringComparison.Ordinal);
        Assert.Contains(command, HelpSource.Topics["about_ResizeLora"], StringComparison.Ordinal);
    }

    private static string OneLine(string text) => string.Join(' ', HelpSource.Words(text));
}
