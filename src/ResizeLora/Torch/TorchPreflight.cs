using ResizeLora.Files;

namespace ResizeLora.Torch;

/// <summary>
/// Finds out whether libtorch will load before TorchSharp tries. TorchSharp itself prints a trace to the console if it
/// doesn't, or copies it out of a package cache, and a second libtorch from elsewhere ends the process.
/// </summary>
internal sealed class TorchPreflight(string folder, TorchPlatform? platform, Func<IReadOnlyList<string>> loadedModules)
{
    /// <summary>Written by the build: the names of the native files that belong here, one a line.</summary>
    public const string ListName = "natives.txt";

    public const string EngineAssembly = "ResizeLora.Torch";
    public const string TorchAssembly = "TorchSharp";

    /// <summary>Checks, then loads the libraries.</summary>
    /// <exception cref="TorchUnavailableException">Something is in the way.</exception>
    public NativeLibraries Run()
    {
        TorchPlatform current = platform ?? throw TorchFault.Unsupported(TorchPlatform.System);
        CheckFiles(current);
        CheckNoOther(current);

        NativeLibraries libraries = new(folder, current);
        foreach (string library in current.LoadOrder)
        {
            libraries.Load(library);
        }

        return libraries;
    }

    private void CheckFiles(TorchPlatform current)
    {
        string[] natives = ReadList();
        string[] expected = [.. natives, $"{EngineAssembly}.dll", $"{TorchAssembly}.dll"];
        string[] missing = [.. expected.Where(name => !File.Exists(Path.Combine(folder, name)))];
        if (missing.Length > 0)
        {
            throw TorchFault.FilesMissing(folder, missing);
        }

        if (!natives.Contains(current.FileName(TorchPlatform.BindingLibrary)))
        {
            throw TorchFault.WrongPlatform(folder, current.Identifier);
        }
    }

    private string[] ReadList()
    {
        string path = Path.Combine(folder, ListName);
        try
        {
            return [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw TorchFault.ListMissing(path, exception);
        }
    }

    private void CheckNoOther(TorchPlatform current)
    {
        string name = current.FileName(TorchPlatform.TorchLibrary);
        string ours = Path.Combine(folder, name);
        string? other = loadedModules().FirstOrDefault(path =>
            string.Equals(Path.GetFileName(path), name, StringComparison.OrdinalIgnoreCase) && !RealPath.Same(path, ours));

        if (other is not null)
        {
            throw TorchFault.AlreadyLoaded(other);
        }
    }
}
