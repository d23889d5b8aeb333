using System.Globalization;
using System.Management.Automation.Host;

namespace ResizeLora.Shell.Hosting;

/// <summary>What the engine knows about its host program.</summary>
internal sealed class ShellHost : PSHost
{
    public override string Name => "ResizeLora.Shell";

    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override PSHostUserInterface UI => ShellUI;

    internal ShellUserInterface ShellUI { get; } = new();

    /// <summary>The number that the script gave to <c>exit</c>.</summary>
    internal int? ExitCode { get; private set; }

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new HostException("This shell runs scripts and has no prompt.");

    public override void ExitNestedPrompt() => throw new HostException("This shell runs scripts and has no prompt.");

    // A native program writes to the same console: the progress line has to be out of its way.
    public override void NotifyBeginApplication() => ShellUI.Progress.Clear();

    public override void NotifyEndApplication()
    {
    }
}
