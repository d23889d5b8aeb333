using System.Runtime.Loader;
using ResizeLora.Engine;
using ResizeLora.Torch;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Machine;

/// <summary>
/// The one libtorch of this process: the module's, loaded by the module's own loader, and shared with the baseline.
/// </summary>
internal static class LibTorch
{
    public static string Version { get; } = AssemblyData.Of("LibTorchVersion");

    private static string Folder { get; } = AssemblyData.Of("TorchDirectory");

    /// <summary>Loads libtorch and returns ResizeLora's engine; from now on the baseline can compute too.</summary>
    public static INumericEngine Load()
    {
        INumericEngine engine = new NumericEngineLoader(Folder).Engine;

        // TorchSharp as the baseline knows it is in the default context and asks for its libraries by name.
        var libraries = new NativeLibraries(Folder, TorchPlatform.Current!);
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => libraries.Find(name) is null ? nint.Zero : libraries.Load(name);
        using Tensor first = zeros(1);
        string library = TorchPlatform.Current!.FileName(TorchPlatform.TorchLibrary);
        string[] loaded = [.. LoadedModules.Paths().Where(path => Path.GetFileName(path) == library).Distinct(StringComparer.Ordinal)];
        return loaded.Length <= 1
            ? engine
            : throw new InvalidOperationException($"More than one libtorch is loaded: {string.Join(", ", loaded)}.");
    }

    /// <summary>
    /// Does the baseline's work with all processors on each step, and goes back to one thread per layer, as ResizeLora has it.
    /// The number of threads belongs to the thread that sets it, so the work must stay on this one.
    /// </summary>
    public static void OnAllProcessors(Action work)
    {
        set_num_threads(Environment.ProcessorCount);
        try
        {
            work();
        }
        finally
        {
            set_num_threads(1);
        }
    }
}
