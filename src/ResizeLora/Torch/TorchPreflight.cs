using System.Globalization;
using ResizeLora.Files;

namespace ResizeLora.Torch;

/// <summary>
/// Finds out whether libtorch will load before TorchSharp tries. TorchSharp itself prints a trace to the console if it
/// doesn't, or copies it out of a package cache, and a second libtorch from elsewhere ends the process.
/// </summary>
internal sealed class TorchPreflight(string folder, TorchPlatform? platform, Func<IReadOnlyList<string>> loadedModules)
{
    /// <summary>Written by the build: the sizes and names of the native files that belong here, one a line.</summary>
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
        (string Name, long Size)[] natives = ReadList();
        string[] expected = [.. natives.Select(native => native.Name), $"{EngineAssembly}.dll", $"{TorchAssembly}.dll"];
        string[] missing = [.. expected.Where(name => !File.Exists(Path.Combine(folder, name)))];
        if (missing.Length > 0)
        {
            throw TorchFault.FilesMissing(folder, missing);
        }

        if (!expected.Contains(current.FileName(TorchPlatform.BindingLibrary)))
        {
            throw TorchFault.WrongPlatform(folder, current.Identifier);
        }

        // The system maps libraries into memory, and ends the process where one is shorter than it says.
        foreach ((string name, long size) in natives)
        {
            var file = new FileInfo(RealPath.Resolve(Path.Combine(folder, name)));
            if (file.Length != size)
            {
                throw TorchFault.FileDamaged(file.FullName, file.Length, size);
            }
        }
    }

    private (string Name, long Size)[] ReadList()
    {
        string path = Path.Combine(folder, ListName);
        try
        {
            (string Name, long Size)[] natives = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0).Select(Parse)];
            return natives.Length > 0 ? natives : throw new FormatException("It is empty.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            throw TorchFault.ListUnreadable(path, exception);
        }
    }

    private static (string Name, long Size) Parse(string line) =>
        line.Split(' ', 2) is [string size, string name] && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
            ? (name, bytes)
            : throw new FormatException($"'{line}' is not a size and a name.");

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
