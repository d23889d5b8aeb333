using System.Reflection;

namespace ResizeLora.Benchmarks.Machine;

/// <summary>What the build wrote down for us.</summary>
internal static class AssemblyData
{
    public static string Of(string key) =>
        typeof(AssemblyData).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
