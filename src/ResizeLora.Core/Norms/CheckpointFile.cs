using System.Collections.Concurrent;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Norms;

/// <summary>One file of a checkpoint and what the cache knows of it. The cache knows it by its content, so it is hashed once.</summary>
internal sealed class CheckpointFile
{
    private readonly NormCache? _cache;
    private readonly Lazy<string> _sha256;
    private readonly Lazy<IReadOnlyDictionary<string, MatrixNorms>> _known;
    private readonly ConcurrentDictionary<string, MatrixNorms> _unsaved = new(StringComparer.Ordinal);

    public CheckpointFile(TensorFile file, NormCache? cache, Action<string> warn, CancellationToken cancellation, Action<string, int, int>? progress)
    {
        File = file;
        _cache = cache;
        Action<int, int>? hashed = progress is null ? null : (done, total) => progress(file.Path, done, total);
        _sha256 = new Lazy<string>(
            () => cache is null
                ? FileIdentity.HashAll(file, cancellation, hashed)
                : FileIdentity.Sha256(file, cache.Folder, warn, cancellation, hashed),
            LazyThreadSafetyMode.PublicationOnly);
        _known = new Lazy<IReadOnlyDictionary<string, MatrixNorms>>(
            () => cache?.Load(Sha256) ?? new Dictionary<string, MatrixNorms>(),
            LazyThreadSafetyMode.PublicationOnly);
    }

    public TensorFile File { get; }

    public string Sha256 => _sha256.Value;

    /// <summary>Reads the cache, which may take seconds and tell of problems; later look-ups do neither.</summary>
    public void LoadNorms() => _ = _known.Value;

    public MatrixNorms? FindNorms(string layer) => _known.Value.GetValueOrDefault(layer);

    /// <summary>Keeps newly computed norms until they are saved.</summary>
    public void Remember(string layer, MatrixNorms norms) => _unsaved[layer] = norms;

    /// <summary>Writes newly computed norms to the cache.</summary>
    public void SaveNorms()
    {
        if (_cache is null || _unsaved.IsEmpty)
            return;

        Dictionary<string, MatrixNorms> unsaved = _unsaved.ToDictionary(StringComparer.Ordinal);
        _cache.Save(Sha256, Path.GetFileName(File.Path), unsaved);
        foreach (string layer in unsaved.Keys)
            _unsaved.TryRemove(layer, out _);
    }
}
