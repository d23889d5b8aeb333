using System.Diagnostics;

namespace ResizeLora.Benchmarks.Children;

/// <summary>Runs .NET programs and returns what they print; what they complain of is shown.</summary>
internal static class ProgramProcess
{
    /// <summary>Runs this program.</summary>
    public static string RunSelf(params IReadOnlyList<string> arguments) =>
        Run([typeof(ProgramProcess).Assembly.Location, .. arguments], new Dictionary<string, string>());

    /// <summary>Runs a program: the path of its assembly comes first.</summary>
    public static string Run(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with exit code {process.ExitCode}. {output}");
    }
}
