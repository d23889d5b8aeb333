using System.Reflection;
using System.Runtime.Loader;
using ResizeLora.Engine;

namespace ResizeLora.Torch;

/// <summary>
/// Keeps TorchSharp apart from whatever else the session has loaded. Not collectible: native code can't be unloaded,
/// so an upgrade of the module needs a new session.
/// </summary>
internal sealed class TorchLoadContext(string folder, NativeLibraries libraries)
    : AssemblyLoadContext("ResizeLora.Torch", isCollectible: false)
{
    public Assembly LoadEngineAssembly() => LoadFromAssemblyPath(PathOf(TorchPreflight.EngineAssembly));

    /// <inheritdoc />
    protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name switch
    {
        TorchPreflight.EngineAssembly or TorchPreflight.TorchAssembly => LoadFromAssemblyPath(PathOf(assemblyName.Name)),

        // The seam's types must be the very ones that this assembly uses, wherever the shell has loaded them from.
        var name when name == typeof(INumericEngine).Assembly.GetName().Name => typeof(INumericEngine).Assembly,
        _ => null,
    };

    /// <inheritdoc />
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        libraries.Find(unmanagedDllName) is null ? nint.Zero : libraries.Load(unmanagedDllName);

    private string PathOf(string assembly) => Path.Combine(folder, $"{assembly}.dll");
}
