namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>How a run of the shell ended and what it wrote.</summary>
public sealed record ShellOutcome(int ExitCode, string Output, string Error)
{
    public string[] OutputLines => Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
