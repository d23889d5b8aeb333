using System.ComponentModel;
using System.Diagnostics;

namespace ResizeLora.Torch;

/// <summary>The native libraries that this process has loaded, by whatever code.</summary>
internal static class LoadedModules
{
    public static IReadOnlyList<string> Paths()
    {
        try
        {
            using Process process = Process.GetCurrentProcess();
            return [.. process.Modules.Cast<ProcessModule>().Select(module => module.FileName)];
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException or NotSupportedException)
        {
            // The system doesn't say (a locked-down container): better to continue than to refuse all work.
            return [];
        }
    }
}
