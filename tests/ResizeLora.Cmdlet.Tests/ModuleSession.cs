using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using ResizeLora.Shell;

namespace ResizeLora.Cmdlet.Tests;

/// <summary>A runspace of the real engine with the module imported and a folder of its own, which is also its location.</summary>
/// <example>
/// <code>
/// using var session = new ModuleSession();
/// RunResult result = session.Run("Get-LoraSpectrum $args[0]", path);
/// </code>
/// </example>
public sealed class ModuleSession : IDisposable
{
    private readonly Runspace _runspace;

    /// <param name="host">The console; by default none is there.</param>
    public ModuleSession(PSHost? host = null)
    {
        Folder = Directory.CreateTempSubdirectory("ResizeLora.Tests-").FullName;
        _runspace = host is null ? RunspaceFactory.CreateRunspace(ShellSession.CreateState()) : RunspaceFactory.CreateRunspace(host, ShellSession.CreateState());
        _runspace.Open();
        RunOrThrow("param($manifest, $folder) Import-Module $manifest -ErrorAction Stop; Set-Location -LiteralPath $folder", BuiltModule.Manifest, Folder);
    }

    /// <summary>An empty folder that goes away with the session.</summary>
    public string Folder { get; }

    /// <summary>The path of a file in the folder of the session.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Makes a .NET object known to scripts as $name.</summary>
    public void SetVariable(string name, object? value) => _runspace.SessionStateProxy.SetVariable(name, value);

    /// <summary>Runs a script; its streams, and the error that ended it if one did, are in the result. Arguments are $args or param().</summary>
    public RunResult Run(string script, params object?[] arguments)
    {
        using PowerShell shell = Prepare(script, arguments);
        return Invoke(shell, []);
    }

    /// <summary>Runs a script as a prompt does: what it writes goes to the console of the host.</summary>
    public RunResult RunInConsole(string script)
    {
        using PowerShell shell = Prepare(script, []);
        shell.AddCommand("Out-Default");
        return Invoke(shell, []);
    }

    /// <summary>Runs a script with objects in its pipeline, as $input.</summary>
    public RunResult RunWithInput(IEnumerable<object> input, string script, params object?[] arguments)
    {
        using PowerShell shell = Prepare(script, arguments);
        return Invoke(shell, input);
    }

    /// <summary>Starts a script and stops it, as Ctrl+C does, as soon as <paramref name="when"/> says so of its streams.</summary>
    /// <returns>What it did, and for how long it went on after it was to stop: by the clock, and in time of the processor.</returns>
    public (RunResult Result, TimeSpan Delay, TimeSpan Work) RunAndStop(string script, Func<PSDataStreams, bool> when, params object?[] arguments)
    {
        using PowerShell shell = Prepare(script, arguments);
        using var ended = new CancellationTokenSource();
        long told = long.MaxValue;
        TimeSpan worked = TimeSpan.MaxValue;
        var stopper = new Thread(() =>
        {
            // What has not begun yet can't be stopped, and could not begin any more.
            while (shell.InvocationStateInfo.State == PSInvocationState.NotStarted || !when(shell.Streams))
            {
                if (ended.IsCancellationRequested)
                    return;
                Thread.Sleep(1);
            }

            worked = Environment.CpuUsage.TotalTime;
            told = Stopwatch.GetTimestamp();
            shell.Stop();
        });
        stopper.Start();
        RunResult result = Invoke(shell, []);
        long end = Stopwatch.GetTimestamp();
        TimeSpan workedToEnd = Environment.CpuUsage.TotalTime;
        ended.Cancel();
        stopper.Join();
        return (result, Stopwatch.GetElapsedTime(Math.Min(told, end), end), worked < workedToEnd ? workedToEnd - worked : TimeSpan.Zero);
    }

    /// <summary>Runs a script that is expected to work, and returns what it wrote.</summary>
    public IReadOnlyList<PSObject> RunOrThrow(string script, params object?[] arguments)
    {
        RunResult result = Run(script, arguments);
        return result.Errors.Count == 0 ? result.Output : throw new InvalidOperationException($"{script}: {result.Errors[0]}", result.Errors[0].Exception);
    }

    public void Dispose()
    {
        _runspace.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private PowerShell Prepare(string script, object?[] arguments)
    {
        var shell = PowerShell.Create(_runspace);
        shell.AddScript(script);
        foreach (object? argument in arguments)
        {
            shell.AddArgument(argument);
        }

        return shell;
    }

    private static RunResult Invoke(PowerShell shell, IEnumerable<object> input)
    {
        var output = new PSDataCollection<PSObject>();
        ErrorRecord? terminating = null;
        try
        {
            shell.Invoke(input, output);
        }
        catch (RuntimeException exception)
        {
            terminating = exception.ErrorRecord;
        }

        return new RunResult(output, shell.Streams, terminating, shell.InvocationStateInfo.State == PSInvocationState.Stopped);
    }
}
