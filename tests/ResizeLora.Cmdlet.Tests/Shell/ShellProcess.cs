using System.Diagnostics;
using ResizeLora.Shell;

namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>Runs the built shell as a process, with a folder of its own.</summary>
public sealed class ShellProcess : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("ResizeLora.Tests-").FullName;

    /// <summary>Writes a script into the folder and returns its path.</summary>
    public string Script(string text, string name = "script.ps1")
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes a script and runs it.</summary>
    public ShellOutcome RunScript(string text, params string[] arguments) => Run([Script(text), .. arguments]);

    public ShellOutcome Run(params string[] arguments) => Run([], arguments);

    public ShellOutcome Run(IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments)
    {
        using Process process = Start(environment, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The shell did not end: {string.Join(' ', arguments)}");
        }

        return new ShellOutcome(process.ExitCode, output.Result, error.Result);
    }

    public Process Start(params string[] arguments) => Start([], arguments);

    public Process Start(IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Folder,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ResizeLora.Shell.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("COLUMNS");
        start.Environment.Remove(ModuleManifest.EnvironmentVariable);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
