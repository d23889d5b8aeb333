using System.Runtime.InteropServices;
using ResizeLora.Benchmarks.Reporting;

namespace ResizeLora.Benchmarks.Machine;

/// <summary>What the results hold for.</summary>
internal static class ThisMachine
{
    public static string Description =>
        $"{Processor()}, {Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Units.Giga:0} GB; "
        + $"{RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; libtorch {LibTorch.Version}";

    /// <summary>The processor's name, where the system tells.</summary>
    private static string Processor()
    {
        const string linux = "/proc/cpuinfo";
        string? name = File.Exists(linux)
            ? File.ReadLines(linux).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return name ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
