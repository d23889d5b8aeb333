using System.Security.Cryptography;
using ResizeLora.Adapters.Peft;
using ResizeLora.Files;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>An adapter that is open for reading: its tensors, and PEFT's configuration if that is a file next to them.</summary>
internal sealed class AdapterSource : IDisposable
{
    /// <summary>More than a pattern for each layer of the largest model takes.</summary>
    private const int LargestConfiguration = 16 << 20;

    private readonly byte[] _configuration;

    private AdapterSource(AdapterLocation location, SafetensorsFile file, byte[] configuration)
    {
        Location = location;
        File = file;
        _configuration = configuration;
        if (!location.IsFolder)
            return;

        Configuration = PeftConfiguration.OfFile(location.Configuration!, configuration);
        ConfigurationSha256 = Convert.ToHexStringLower(SHA256.HashData(configuration));
    }

    public AdapterLocation Location { get; }

    /// <summary>The path of the adapter for users: a file, or a PEFT folder.</summary>
    public string Path => Location.Path;

    public SafetensorsFile File { get; }

    public SafetensorsHeader Header => File.Header;

    /// <summary>The configuration next to the tensors; null if there is none.</summary>
    public PeftConfiguration? Configuration { get; }

    /// <summary>The hash of the configuration next to the tensors.</summary>
    public string? ConfigurationSha256 { get; }

    /// <summary>Opens an adapter by the path of a file or a folder.</summary>
    /// <exception cref="ResizeLoraException">It is missing, unreadable, or no adapter.</exception>
    public static AdapterSource Open(string path)
    {
        var location = AdapterLocation.Of(path);
        if (!location.IsFolder && Directory.Exists(path))
            throw AdapterLocation.NotAdapter(path);

        var file = SafetensorsFile.Open(location.Weights);
        try
        {
            byte[] configuration = location.IsFolder ? Read(location.Configuration!) : [];
            return configuration.Length <= LargestConfiguration
                ? new AdapterSource(location, file, configuration)
                : throw PeftErrors.NotJson(location.Configuration!, $"it has more than {LargestConfiguration} bytes");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that the configuration is the one that was read; the tensors' file sees to itself.</summary>
    /// <exception cref="ResizeLoraException">It is another one by now.</exception>
    public void EnsureSameConfiguration()
    {
        if (Location.Configuration is { } path && System.IO.File.Exists(path) && !Read(path).AsSpan().SequenceEqual(_configuration))
            throw SafetensorsErrors.Changed(path);
    }

    public void Dispose() => File.Dispose();

    private static byte[] Read(string path)
    {
        try
        {
            // A pipe has no length either, and opening one blocks until another program writes to it.
            long length = Math.Min(new FileInfo(RealPath.Resolve(path)).Length, LargestConfiguration + 1);
            byte[] bytes = new byte[length];
            if (length == 0)
                return bytes;

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw SafetensorsErrors.AccessDenied(path, exception);
        }
        catch (IOException exception)
        {
            throw SafetensorsErrors.ReadFailed(path, exception);
        }
    }
}
