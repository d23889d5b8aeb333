namespace ResizeLora.Cmdlet.Tests.Shell;

public sealed class ShellStreamTests : IDisposable
{
    private readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Errors_go_to_stderr_and_all_else_to_stdout()
    {
        ShellOutcome outcome = _shell.RunScript("""
            'output'
            Write-Host 'to the host' -ForegroundColor Red
            Write-Warning 'careful'
            Write-Verbose 'in detail' -Verbose
            Write-Debug 'in depth' -Debug
            Write-Information 'by the way' -InformationAction Continue
            Write-Progress 'busy' 'half' -PercentComplete 50
            Write-Error 'wrong'
            """);

        Assert.Equal(["output", "to the host", "WARNING: careful", "VERBOSE: in detail", "DEBUG: in depth", "by the way"], outcome.OutputLines);
        Assert.Contains("wrong", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("busy", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', outcome.Output + outcome.Error);
    }

    [Fact]
    public void Verbose_and_information_are_silent_unless_asked_for() =>
        Assert.Empty(_shell.RunScript("Write-Verbose a; Write-Debug b; Write-Information c").Output);

    [Fact]
    public void The_error_that_ends_a_script_shows_where()
    {
        ShellOutcome outcome = _shell.RunScript("\nthrow 'broken'");

        Assert.Contains("script.ps1:2", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("broken", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_are_shown_as_tables()
    {
        ShellOutcome outcome = _shell.Run("-Command", "[pscustomobject]@{ Name = 'a'; Size = 1 }");

        Assert.Equal(["Name Size", "---- ----", "a       1"], outcome.OutputLines.Select(line => line.TrimEnd()));
    }

    [Fact]
    public void A_long_line_is_not_cut()
    {
        string name = new('n', 90);
        ShellOutcome outcome = _shell.Run("-Command", $"[pscustomobject]@{{ Name = '{name}'; Size = 1 }} | Format-Table -AutoSize");

        Assert.Contains(name, outcome.Output, StringComparison.Ordinal);
    }
}
