namespace ResizeLora.Cmdlet.Tests.Shell;

public sealed class ShellArgumentTests : IDisposable
{
    private const string Show = """
        param([string] $Name, [switch] $Fast, [int] $Count, [Parameter(ValueFromRemainingArguments)] $Rest)
        "$Name|$Fast|$Count|$Rest"
        """;

    private readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData("|False|0|")]
    [InlineData("one|False|0|", "one")]
    [InlineData("one|True|5|", "-Fast", "-Count", "5", "-Name", "one")]
    [InlineData("one|True|0|", "-Fast", "one")]
    [InlineData("one two|False|0|", "-Name", "one two")]
    [InlineData("one|False|-3|", "-Name:one", "-Fast:$false", "-Count", "-3")]
    [InlineData("a|False|1|b c", "a", "1", "b", "c")]
    public void Arguments_reach_the_parameters_of_the_script(string expected, params string[] arguments)
    {
        ShellOutcome outcome = _shell.RunScript(Show, arguments);

        Assert.Equal(expected, Assert.Single(outcome.OutputLines));
    }

    [Fact]
    public void A_script_knows_where_it_is()
    {
        ShellOutcome outcome = _shell.RunScript("$PSScriptRoot; $PSCommandPath; (Get-Location).Path");

        Assert.Equal([_shell.Folder, Path.Combine(_shell.Folder, "script.ps1"), _shell.Folder], outcome.OutputLines);
    }

    [Fact]
    public void The_module_is_imported() =>
        Assert.Equal("ResizeLora", _shell.Run("-Command", "(Get-Command Invoke-LoraResize).Source").Output.Trim());

    [Fact]
    public void A_module_that_is_not_there_is_an_error()
    {
        string text = $"& dotnet '{Path.Combine(AppContext.BaseDirectory, "ResizeLora.Shell.dll")}' -Command 1; exit $LASTEXITCODE";
        ShellOutcome outcome = _shell.RunScript("$env:RESIZELORA_MODULE = Join-Path $PSScriptRoot 'none.psd1'\n" + text);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("none.psd1", outcome.Error, StringComparison.Ordinal);
    }
}
