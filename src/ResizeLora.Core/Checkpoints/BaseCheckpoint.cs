using System.Security.Cryptography;
using System.Text;
using ResizeLora.Checkpoints.Formats;
using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>The base checkpoint: its open files, the index of its layers, and its hash. Opening reads headers only.</summary>
internal sealed class BaseCheckpoint : IDisposable
{
    private readonly CheckpointFiles _names;
    private readonly TensorFile[] _files;
    private readonly Lazy<string>[] _hashes;

    private BaseCheckpoint(CheckpointFiles names, TensorFile[] files, string? cacheFolder, IReporter reporter, CancellationToken cancellation)
    {
        _names = names;
        _files = files;
        _hashes = [.. files.Select(file => new Lazy<string>(() => FileIdentity.Sha256(file, cacheFolder, reporter, cancellation), LazyThreadSafetyMode.PublicationOnly))];
        var sources = new List<CheckpointSource>();
        int first = 0;
        foreach (CheckpointFiles.Group group in names.Groups)
        {
            (int, TensorHeader)[] headers = [.. Enumerable.Range(first, group.Files.Count).Select(number => (number, files[number].Header))];
            sources.Add(new CheckpointSource(group.Folder, headers, tensor => files[tensor.File].Read(tensor.Info)));
            first += group.Files.Count;
        }

        Index = new BaseCheckpointIndex(sources, Path);
        Version = new CheckpointVersion(names.Paths, [.. files.Select(file => file.Version)]);
    }

    /// <summary>How messages name the checkpoint.</summary>
    public string Path => string.Join(", ", _names.Paths);

    /// <summary>Which version of the checkpoint this is: what was paired with another one must be paired again.</summary>
    public CheckpointVersion Version { get; }

    /// <summary>The SHA-256 of the checkpoint; of several files, that of their hashes. Takes seconds where no note remembers it.</summary>
    public string Sha256 => _hashes is [Lazy<string> only]
        ? only.Value
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', _hashes.Select(hash => hash.Value).Order(StringComparer.Ordinal)))));

    public BaseCheckpointIndex Index { get; }

    /// <summary>Its files; a layer knows by its number which one it is in.</summary>
    public IReadOnlyList<TensorFile> Files => _files;

    /// <summary>Opens the checkpoint of one path.</summary>
    /// <exception cref="ResizeLoraException">It can't be opened, or is not a checkpoint.</exception>
    public static BaseCheckpoint Open(string path, string? cacheFolder, IReporter reporter, CancellationToken cancellation) =>
        Open(CheckpointFiles.Find(path), cacheFolder, reporter, cancellation);

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="names">Its files.</param>
    /// <param name="cacheFolder">Where hashes of known files are remembered; null to remember none.</param>
    /// <param name="reporter">Receives progress of the hashing.</param>
    /// <param name="cancellation">Stops the hashing.</param>
    /// <exception cref="ResizeLoraException">A file can't be opened, or is not a checkpoint.</exception>
    public static BaseCheckpoint Open(CheckpointFiles names, string? cacheFolder, IReporter reporter, CancellationToken cancellation)
    {
        var files = new List<TensorFile>();
        try
        {
            foreach ((string path, int parts) in names.Groups.SelectMany(group => group.Files.Select(file => (file, group.Files.Count))))
            {
                files.Add(GgufFile.OpenEither(path));
                CheckpointSource.EnsureCheckpoint(files[^1].Header, path);
                if (files[^1] is GgufFile { PartCount: > 1 } part && part.PartCount != parts)
                    throw CheckpointErrors.PartAlone(path, part.PartCount);
            }

            return new BaseCheckpoint(names, [.. files], cacheFolder, reporter, cancellation);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>The SHA-256 of one of its files.</summary>
    public string HashOf(int file) => _hashes[file].Value;

    /// <summary>Does something with the weight of a base layer, which is in memory only meanwhile.</summary>
    public T Read<T>(BaseLayer layer, Func<StoredMatrix, T> use) => WeightReader.Read(_files, layer, use);

    public void Dispose()
    {
        foreach (TensorFile file in _files)
            file.Dispose();
    }
}
