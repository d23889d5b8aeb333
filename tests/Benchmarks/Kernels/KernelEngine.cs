using ResizeLora.Engine;

namespace ResizeLora.Benchmarks.Kernels;

/// <summary>The engine for classes that BenchmarkDotNet makes.</summary>
internal static class KernelEngine
{
    public static INumericEngine Current { get; set; } = null!;
}
