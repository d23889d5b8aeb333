using ResizeLora.Adapters.Peft;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>
/// Where an adapter is: in a file, or in a folder as PEFT saves it, with the tensors and the configuration under fixed
/// names. A file of such a folder means the adapter.
/// </summary>
/// <param name="Path">The file or the folder, as users see it.</param>
/// <param name="IsFolder">Whether it is a folder of PEFT's.</param>
internal sealed record AdapterLocation(string Path, bool IsFolder)
{
    /// <summary>PEFT's name for the file of the tensors.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    /// <summary>PEFT's name for the file of the configuration.</summary>
    public const string ConfigurationName = "adapter_config.json";

    private const string PickledName = "adapter_model.bin";

    /// <summary>The safetensors file.</summary>
    public string Weights => IsFolder ? System.IO.Path.Combine(Path, WeightsName) : Path;

    /// <summary>The configuration; null where the adapter is a file.</summary>
    public string? Configuration => IsFolder ? System.IO.Path.Combine(Path, ConfigurationName) : null;

    /// <summary>The name that outputs are based on.</summary>
    public string Name => IsFolder ? System.IO.Path.GetFileName(Path) : System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Every path that belongs to the adapter.</summary>
    public IEnumerable<string> Paths => IsFolder ? [Path, Weights, Configuration!] : [Path];

    /// <summary>
    /// That PEFT may have saved a configuration which is not here, or not for this file; null if nothing says so. It matters
    /// only where the file itself does not give alpha.
    /// </summary>
    public string? LostConfiguration =>
        IsFolder ? null
        : System.IO.Path.GetFileName(Path) == WeightsName ? $"'{Path}' lacks the '{ConfigurationName}' that PEFT saves next to it and that gives alpha. The rank is used as alpha."
        : System.IO.Path.GetDirectoryName(Path) is { } folder && Has(folder, ConfigurationName) && !Has(folder, WeightsName) ? $"'{Path}' is next to an '{ConfigurationName}', which only applies to a file named '{WeightsName}'. The rank is used as alpha; if the two belong together, rename the file."
        : null;

    /// <summary>The adapter that a path refers to.</summary>
    public static AdapterLocation Of(string path)
    {
        string folder = System.IO.Path.TrimEndingDirectorySeparator(path);
        if (IsAdapter(folder))
            return new AdapterLocation(folder, IsFolder: true);

        // PEFT reads no file of another name with a configuration.
        return System.IO.Path.GetFileName(path) is WeightsName or ConfigurationName
            && System.IO.Path.GetDirectoryName(path) is { } parent && IsAdapter(parent)
            ? new AdapterLocation(parent, IsFolder: true)
            : new AdapterLocation(path, IsFolder: false);
    }

    /// <summary>Whether a folder contains an adapter as PEFT saves it.</summary>
    public static bool IsAdapter(string folder) =>
        File.Exists(System.IO.Path.Combine(folder, WeightsName)) && File.Exists(System.IO.Path.Combine(folder, ConfigurationName));

    /// <summary>
    /// The folder of an adapter whose tensors a file would be, whether there are any yet; null for any other path. Its
    /// configuration gives ranks and alphas of these tensors and no others.
    /// </summary>
    public static string? FolderOfWeights(string path) =>
        string.Equals(System.IO.Path.GetFileName(path), WeightsName, StringComparison.OrdinalIgnoreCase) && System.IO.Path.GetDirectoryName(path) is { } parent && Has(parent, ConfigurationName) ? parent : null;

    /// <summary>Whether a file has the extension that loaders expect. Folders of LoRAs also contain pictures, notes, tables and model cards.</summary>
    public static bool IsNamedAsModel(string path) => path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a file has the extension of a LoRA in a format that can't be read.</summary>
    public static bool IsNamedAsForeignModel(string path) =>
        Array.Exists([".pt", ".pth", ".ckpt", ".bin", ".gguf"], extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Turns a file name into the name of an output: a folder has no extension.</summary>
    public string OutputName(string fileName) => IsFolder ? System.IO.Path.GetFileNameWithoutExtension(fileName) : fileName;

    /// <summary>Something in a folder that an adapter does not consist of; null if there is nothing else.</summary>
    /// <exception cref="ResizeLoraException">The folder can't be read.</exception>
    public static string? ForeignEntry(string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder)
                .Select(entry => System.IO.Path.GetFileName(entry))
                .FirstOrDefault(entry => entry is not (WeightsName or ConfigurationName));
        }
        catch (UnauthorizedAccessException exception)
        {
            throw SafetensorsErrors.AccessDenied(folder, exception);
        }
    }

    /// <summary>Why a folder is not an adapter.</summary>
    public static ResizeLoraException NotAdapter(string folder) =>
        PeftErrors.NotAdapter(folder, Has(folder, WeightsName), Has(folder, ConfigurationName), Has(folder, PickledName));

    private static bool Has(string folder, string name) => File.Exists(System.IO.Path.Combine(folder, name));
}
