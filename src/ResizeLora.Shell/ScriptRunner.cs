using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using ResizeLora.Shell.Hosting;

namespace ResizeLora.Shell;

/// <summary>Runs what the command line asks for and says with which code the process ends.</summary>
internal sealed class ScriptRunner : IDisposable
{
    private readonly Runspace _runspace;
    private readonly ShellHost _host;
    private readonly List<PosixSignalRegistration> _signals = [];
    private PowerShell? _running;
    private int? _signalCode;

    internal ScriptRunner(Runspace runspace, ShellHost host)
    {
        _runspace = runspace;
        _host = host;
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, 130)));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, 143)));
    }

    internal int Run(ShellArguments arguments)
    {
        try
        {
            ShellSession.ImportModule(_runspace);
            bool succeeded = arguments.ScriptPath is { } path ? RunScript(path, arguments.Parameters) : RunCommand(arguments.CommandText!);
            return _signalCode ?? _host.ExitCode ?? (succeeded ? 0 : 1);
        }
        catch (PipelineStoppedException)
        {
            return _signalCode ?? 1;
        }
        catch (Exception exception) when (exception is RuntimeException or FileNotFoundException)
        {
            ShowError(exception);
            return _signalCode ?? 1;
        }
    }

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());

    // Errors that do not end a script are the script's own affair: only the one that ends it makes the shell fail.
    private bool RunScript(string path, IReadOnlyList<CommandParameter> parameters)
    {
        var command = new Command(path, isScript: false, useLocalScope: false);
        foreach (CommandParameter parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        EngineInternals.LetExitEndTheSession(_runspace);
        Invoke(command);
        return true;
    }

    // The state of the last statement decides, as for a line at a prompt.
    private bool RunCommand(string text)
    {
        Invoke(new Command(text, isScript: true, useLocalScope: false));
        using var shell = PowerShell.Create(_runspace);
        return shell.AddScript("$?").Invoke<bool>().Single();
    }

    private void Invoke(Command command)
    {
        // Errors go with the output, so that they are formatted, and shown in the order in which things happen.
        var display = new Command("Out-Default") { MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output };
        using var shell = PowerShell.Create(_runspace);
        shell.Commands.AddCommand(command);
        shell.Commands.AddCommand(display);
        _running = shell;
        try
        {
            if (_signalCode is null)
            {
                // The engine keeps $? only for what is in the history.
                shell.Invoke(null, new PSInvocationSettings { AddToHistory = true });
            }
        }
        finally
        {
            _running = null;
        }
    }

    private void ShowError(Exception exception)
    {
        ErrorRecord record = (exception as RuntimeException)?.ErrorRecord
            ?? new ErrorRecord(exception, exception.GetType().Name, ErrorCategory.NotSpecified, null);
        try
        {
            // The engine's own view of an error, with the place in the script.
            using var shell = PowerShell.Create(_runspace);
            shell.AddCommand("Out-Default").Invoke(new[] { EngineInternals.ForErrorStream(record) });
        }
        catch (RuntimeException)
        {
            _host.UI.WriteErrorLine(exception.Message);
        }
    }

    // The first signal stops the pipeline, a second one ends the process.
    private void Stop(PosixSignalContext context, int code)
    {
        context.Cancel = _signalCode is null;
        _signalCode = code;
        _running?.BeginStop(null, null);
    }
}
