using System.Management.Automation.Runspaces;
using ResizeLora.Shell;
using ResizeLora.Shell.Hosting;

// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143 stopped by a signal, or what the script says with `exit`.
if (ShellArguments.AskForUsage(args))
{
    Console.Out.WriteLine(ShellArguments.Usage);
    return 0;
}

if (ShellArguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine(ShellArguments.Usage);
    return 2;
}

if (arguments.ScriptPath is { } scriptPath && !File.Exists(scriptPath))
{
    Console.Error.WriteLine($"There is no script '{scriptPath}'.");
    Console.Error.WriteLine(ShellArguments.Usage);
    return 2;
}

var host = new ShellHost();
using Runspace runspace = RunspaceFactory.CreateRunspace(host, ShellSession.CreateState());
runspace.Open();

using var runner = new ScriptRunner(runspace, host);
try
{
    return runner.Run(arguments);
}
finally
{
    host.ShellUI.Progress.Clear();
}
