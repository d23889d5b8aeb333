using System.Runtime.InteropServices;

namespace ResizeLora.Torch;

/// <summary>The native libraries of the torch folder: each is loaded by its full path, once, and never unloaded.</summary>
internal sealed class NativeLibraries(string folder, TorchPlatform platform)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, nint> _handles = [];

    /// <summary>The full path of a library that is requested by its bare name or its file name; null if it isn't ours.</summary>
    public string? Find(string library) =>
        new[] { platform.FileName(library), library }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <exception cref="TorchUnavailableException">It can't be loaded.</exception>
    public nint Load(string library)
    {
        lock (_gate)
        {
            if (!_handles.TryGetValue(library, out nint handle))
            {
                string path = Find(library) ?? throw TorchFault.FilesMissing(folder, [platform.FileName(library)]);
                handle = Open(path);
                _handles.Add(library, handle);
            }

            return handle;
        }
    }

    private static nint Open(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            throw TorchFault.LoadFailed(path, exception);
        }
    }
}
