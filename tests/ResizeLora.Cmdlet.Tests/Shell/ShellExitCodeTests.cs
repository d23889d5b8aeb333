using System.Diagnostics;

namespace ResizeLora.Cmdlet.Tests.Shell;

public sealed class ShellExitCodeTests : IDisposable
{
    private readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData]
    [InlineData("-Command")]
    [InlineData("-Command", "1", "2")]
    [InlineData("-Helpless")]
    [InlineData("no-such-script.ps1")]
    public void Wrong_usage_says_how_on_stderr(params string[] arguments)
    {
        ShellOutcome outcome = _shell.Run(arguments);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("Usage: ResizeLora.Shell", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-Help")]
    public void Who_asks_for_help_gets_it(string argument)
    {
        ShellOutcome outcome = _shell.Run(argument);

        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("Usage: ResizeLora.Shell", outcome.Output, StringComparison.Ordinal);
        Assert.Empty(outcome.Error);
    }

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("exit 0", 0)]
    [InlineData("throw 'broken'", 1)]
    [InlineData("param(", 1)]
    [InlineData("Write-Error 'not the end'", 0)]
    [InlineData("$ErrorActionPreference = 'Stop'; Write-Error 'the end'", 1)]
    [InlineData("dotnet no-such-command-at-all 2>&1 | Out-Null", 0)]
    public void Script(string text, int exitCode) => Assert.Equal(exitCode, _shell.RunScript(text).ExitCode);

    [Theory]
    [InlineData("1", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("throw 'broken'", 1)]
    [InlineData("Write-Error 'last'", 1)]
    [InlineData("Write-Error 'not last'; 1", 0)]
    public void Command(string text, int exitCode) => Assert.Equal(exitCode, _shell.Run("-Command", text).ExitCode);

    [Fact]
    public void Interrupt_stops_the_script()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using Process process = _shell.Start("-Command", "'started'; while ($true) { [System.Threading.Thread]::Sleep(10) }");
        Assert.Equal("started", process.StandardOutput.ReadLine());
        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        // By itself it never ends.
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)));
        Assert.Equal(143, process.ExitCode);
    }
}
