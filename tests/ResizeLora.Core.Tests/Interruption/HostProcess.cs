using System.Diagnostics;
using ResizeLora.TestHost;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>Runs the test host as a process.</summary>
internal sealed class HostProcess : IDisposable
{
    private const string Nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly Task<string> _error;

    private HostProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync();
    }

    private static string[] Command { get; } =
    [
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
        typeof(Worker).Assembly.Location,
    ];

    /// <summary>Starts the host and waits until it says that it is at work.</summary>
    public static HostProcess Start(params string[] arguments) => Started(new ProcessStartInfo(Command[0], [Command[1], .. arguments]));

    /// <summary>The same by a Unix shell, after other commands of it.</summary>
    public static HostProcess StartAfter(string commands, params string[] arguments) =>
        Started(new ProcessStartInfo("sh", ["-c", $"{commands} \"$@\"", "sh", .. Command, .. arguments]));

    /// <summary>Whether a host can be started that has to respect the rights of files: root has to be somebody else for that.</summary>
    public static bool CanLackRights { get; } = !OperatingSystem.IsWindows() && (!Environment.IsPrivilegedProcess || CanRead(Command[1]));

    /// <summary>Starts a host that has to respect the rights of files.</summary>
    public static HostProcess StartWithoutRights(params string[] arguments) =>
        StartAfter($"exec {(Environment.IsPrivilegedProcess ? Nobody : string.Empty)}", arguments);

    /// <summary>Lets a host go on that waits for a word.</summary>
    public void Go() => _process.StandardInput.WriteLine();

    /// <summary>Waits for the end.</summary>
    public (int ExitCode, string Output) Finish()
    {
        Task<string> output = _process.StandardOutput.ReadToEndAsync();
        return _process.WaitForExit(Patience) ? (_process.ExitCode, output.Result + _error.Result) : throw new TimeoutException("The test host did not end.");
    }

    /// <summary>Ends the host as a power cut would: nothing in it gets to know.</summary>
    /// <returns>What it has said.</returns>
    public string Kill()
    {
        _process.Kill();
        return Finish().Output;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private static bool CanRead(string path)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", $"{Nobody} test -r \"$0\"", path]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static HostProcess Started(ProcessStartInfo start)
    {
        var host = new HostProcess(start);
        string? line = host._process.StandardOutput.ReadLine();
        return line == Worker.Ready ? host : throw new InvalidOperationException($"The test host did not start: {line} {host.Finish().Output}");
    }
}
