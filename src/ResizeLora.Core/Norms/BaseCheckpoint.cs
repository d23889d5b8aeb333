using System.Collections.Concurrent;
using ResizeLora.Decomposition;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Norms;

/// <summary>The base checkpoint: an open file, the index of its layers, and their norms, computed once and cached.</summary>
internal sealed class BaseCheckpoint : IDisposable
{
    private readonly SafetensorsFile _file;
    private readonly NormCache? _cache;
    private readonly Lazy<string> _sha256;
    private readonly ConcurrentDictionary<string, Lazy<MatrixNorms>> _norms = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MatrixNorms> _unsaved = new(StringComparer.Ordinal);

    private BaseCheckpoint(SafetensorsFile file, NormCache? cache, Lazy<string> sha256)
    {
        _file = file;
        _cache = cache;
        _sha256 = sha256;
        Index = new BaseCheckpointIndex(file.Header, file.Path);
    }

    public string Path => _file.Path;

    /// <summary>Which version of the file this is: what was paired with another one must be paired again.</summary>
    public FileVersion Version => _file.Version;

    /// <summary>The SHA-256 of the checkpoint. Takes seconds where no cache remembers it.</summary>
    public string Sha256 => _sha256.Value;

    public BaseCheckpointIndex Index { get; }

    /// <summary>Opens a checkpoint; without a cache its norms are computed for this use only.</summary>
    public static BaseCheckpoint Open(string path, NormCache? cache, Action<string> warn, CancellationToken cancellation, Action<int, int>? progress = null)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            var sha256 = new Lazy<string>(() => cache is null
                ? FileIdentity.HashAll(file, cancellation, progress)
                : FileIdentity.Sha256(file, cache.Folder, warn, cancellation, progress));
            var checkpoint = new BaseCheckpoint(file, cache, sha256);
            if (cache is not null)
            {
                foreach ((string layer, MatrixNorms norms) in cache.Load(sha256.Value))
                    checkpoint._norms[layer] = new Lazy<MatrixNorms>(norms);
            }

            return checkpoint;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The norms of a base layer, from the cache or computed.</summary>
    public MatrixNorms Norms(BaseLayer layer, INumericEngine engine, CancellationToken cancellation) =>
        _norms.GetOrAdd(layer.Name, _ => new Lazy<MatrixNorms>(() =>
        {
            try
            {
                MatrixNorms norms = Read(layer, weight => engine.Norms(weight, cancellation));
                _unsaved[layer.Name] = norms;
                return norms;
            }
            catch
            {
                // What was short a moment ago need not be when the next LoRA asks.
                _norms.TryRemove(layer.Name, out Lazy<MatrixNorms>? _);
                throw;
            }
        })).Value;

    /// <summary>Does something with the weight of a base layer, which is in memory only meanwhile.</summary>
    public T Read<T>(BaseLayer layer, Func<StoredMatrix, T> use)
    {
        TensorInfo tensor = layer.Tensor;
        if (!tensor.DType.IsConvertible())
            throw SafetensorsFault.UnsupportedDType(Path, tensor);

        long rowBytes = tensor.ByteCount / tensor.Shape[0];
        using PooledBytes bytes = _file.Rent(tensor, layer.FirstRow * rowBytes, layer.Rows * rowBytes);
        return use(new StoredMatrix(layer.Name, bytes.Memory, tensor.DType, layer.Rows, layer.Columns) { Transposed = layer.Transposed });
    }

    /// <summary>Writes newly computed norms to the cache. Call it now and then, so that an interrupted run is not lost.</summary>
    public void SaveNorms()
    {
        if (_cache is null || _unsaved.IsEmpty)
            return;

        Dictionary<string, MatrixNorms> unsaved = _unsaved.ToDictionary(StringComparer.Ordinal);
        _cache.Save(Sha256, System.IO.Path.GetFileName(Path), unsaved);
        foreach (string layer in unsaved.Keys)
            _unsaved.TryRemove(layer, out _);
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
            _file.Dispose();
        }
    }
}
