using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Norms;

/// <summary>The base checkpoint: its open files, the index of its layers, and their norms, computed once and cached.</summary>
internal sealed class BaseCheckpoint : IDisposable
{
    private readonly CheckpointFiles _names;
    private readonly CheckpointFile[] _files;
    private readonly TensorFile[] _open;
    private readonly ConcurrentDictionary<BaseLayer, Lazy<MatrixNorms>> _norms = [];

    private BaseCheckpoint(CheckpointFiles names, CheckpointFile[] files)
    {
        _names = names;
        _files = files;
        _open = [.. files.Select(file => file.File)];
        var sources = new List<CheckpointSource>();
        int number = 0;
        foreach (CheckpointFiles.Group group in names.Groups)
        {
            sources.Add(new CheckpointSource(group.Folder, [.. group.Files.Select(_ => (number, _open[number++].Header))], tensor => _open[tensor.File].Read(tensor.Info)));
        }

        Index = new BaseCheckpointIndex(sources, Path);
        Version = new CheckpointVersion(names.Paths, [.. _open.Select(file => file.Version)]);
    }

    /// <summary>What messages call the checkpoint.</summary>
    public string Path => string.Join(", ", _names.Paths);

    /// <summary>Which version of the checkpoint this is: what was paired with another one must be paired again.</summary>
    public CheckpointVersion Version { get; }

    /// <summary>The SHA-256 of the checkpoint; of several files, that of their hashes. Takes seconds where no cache remembers it.</summary>
    public string Sha256 => _files is [CheckpointFile only]
        ? only.Sha256
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', _files.Select(file => file.Sha256).Order(StringComparer.Ordinal)))));

    public BaseCheckpointIndex Index { get; }

    /// <summary>Opens the checkpoint of one path.</summary>
    public static BaseCheckpoint Open(string path, NormCache? cache, Action<string> warn, CancellationToken cancellation, Action<string, int, int>? progress = null) =>
        Open(CheckpointFiles.Find(path), cache, warn, cancellation, progress);

    /// <summary>Opens a checkpoint, of which only headers are read; without a cache its norms are computed for this use only.</summary>
    /// <param name="names">Its files.</param>
    /// <param name="cache">Where norms are remembered.</param>
    /// <param name="warn">Is told of problems with the cache.</param>
    /// <param name="cancellation">Stops the hashing.</param>
    /// <param name="progress">Is told the file and how many MiB of it are hashed, of how many.</param>
    public static BaseCheckpoint Open(CheckpointFiles names, NormCache? cache, Action<string> warn, CancellationToken cancellation, Action<string, int, int>? progress = null)
    {
        var files = new List<CheckpointFile>();
        try
        {
            foreach ((string path, int parts) in names.Groups.SelectMany(group => group.Files.Select(file => (file, group.Files.Count))))
            {
                files.Add(new CheckpointFile(GgufFile.OpenEither(path), cache, warn, cancellation, progress));
                CheckpointSource.EnsureCheckpoint(files[^1].File.Header, path);
                if (files[^1].File is GgufFile { PartCount: > 1 } part && part.PartCount != parts)
                    throw PairingFault.PartAlone(path, part.PartCount);
            }

            return new BaseCheckpoint(names, [.. files]);
        }
        catch
        {
            files.ForEach(file => file.File.Dispose());
            throw;
        }
    }

    /// <summary>Looks up what the cache knows of the files that layers are in; to be called before their norms are wanted.</summary>
    public void Prepare(IEnumerable<BaseLayer> layers)
    {
        foreach (int file in layers.Select(layer => layer.File).OfType<int>().Distinct())
            _files[file].LoadNorms();
    }

    /// <summary>The norms of a base layer, from the cache or computed.</summary>
    public MatrixNorms Norms(BaseLayer layer, INumericEngine engine, CancellationToken cancellation) =>
        _norms.GetOrAdd(layer, _ => new Lazy<MatrixNorms>(() =>
        {
            try
            {
                // What is in several files has no place in the cache, which knows files by their content.
                CheckpointFile? file = layer.File is { } number ? _files[number] : null;
                if (file?.FindNorms(layer.Name) is { } known)
                    return known;

                MatrixNorms norms = Read(layer, weight => engine.Norms(weight, cancellation));
                file?.Remember(layer.Name, norms);
                return norms;
            }
            catch
            {
                // What was short a moment ago need not be when the next LoRA asks.
                _norms.TryRemove(layer, out Lazy<MatrixNorms>? _);
                throw;
            }
        })).Value;

    /// <summary>Does something with the weight of a base layer, which is in memory only meanwhile.</summary>
    public T Read<T>(BaseLayer layer, Func<StoredMatrix, T> use) => WeightReader.Read(_open, layer, use);

    /// <summary>Writes newly computed norms to the cache. Call it now and then, so that an interrupted run is not lost.</summary>
    public void SaveNorms()
    {
        foreach (CheckpointFile file in _files)
            file.SaveNorms();
    }

    public void Dispose()
    {
        try
        {
            SaveNorms();
        }
        finally
        {
            // A warning ends in an exception when the call was stopped.
            foreach (CheckpointFile file in _files)
                file.File.Dispose();
        }
    }
}
