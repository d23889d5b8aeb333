using System.Collections.Concurrent;
using ResizeLora.Checkpoints;
using ResizeLora.Engine;

namespace ResizeLora.Norms;

/// <summary>
/// The norms of a checkpoint's layers: from the cache or computed, once for each layer. The cache knows the files of a checkpoint
/// by their content, so a file is hashed before its norms are looked up.
/// </summary>
internal sealed class BaseNorms
{
    private readonly NormCache? _cache;
    private readonly ConcurrentDictionary<BaseLayer, Lazy<MatrixNorms>> _norms = [];
    private readonly Lazy<IReadOnlyDictionary<string, MatrixNorms>>[] _known;
    private readonly ConcurrentDictionary<string, MatrixNorms>[] _unsaved;

    /// <param name="checkpoint">The checkpoint, which stays open for as long as norms are wanted.</param>
    /// <param name="cache">Where norms are remembered; null to compute them for this use only.</param>
    public BaseNorms(BaseCheckpoint checkpoint, NormCache? cache)
    {
        Checkpoint = checkpoint;
        _cache = cache;
        _known = [.. checkpoint.Files.Select((_, file) => new Lazy<IReadOnlyDictionary<string, MatrixNorms>>(
            () => cache?.Load(checkpoint.HashOf(file)) ?? new Dictionary<string, MatrixNorms>(),
            LazyThreadSafetyMode.PublicationOnly))];
        _unsaved = [.. checkpoint.Files.Select(_ => new ConcurrentDictionary<string, MatrixNorms>(StringComparer.Ordinal))];
    }

    /// <summary>The checkpoint.</summary>
    public BaseCheckpoint Checkpoint { get; }

    /// <summary>Looks up what the cache knows of the files that layers are in, which may take seconds and report problems; later look-ups do neither.</summary>
    public void Prepare(IEnumerable<BaseLayer> layers)
    {
        foreach (int file in layers.Select(layer => layer.File).OfType<int>().Distinct())
            _ = _known[file].Value;
    }

    /// <summary>The norms of a base layer; from any thread.</summary>
    public MatrixNorms Of(BaseLayer layer, INumericEngine engine, CancellationToken cancellation) =>
        _norms.GetOrAdd(layer, _ => new Lazy<MatrixNorms>(() =>
        {
            try
            {
                // A weight in several files can't be cached, as the cache identifies single files by their content.
                int? file = layer.File;
                if (file is { } known && _known[known].Value.TryGetValue(layer.Name, out MatrixNorms? cached))
                    return cached;

                MatrixNorms norms = Checkpoint.Read(layer, weight => engine.Norms(weight, cancellation));
                if (file is { } computed)
                    _unsaved[computed][layer.Name] = norms;
                return norms;
            }
            catch
            {
                // Memory that was short a moment ago may be free for the next LoRA.
                _norms.TryRemove(layer, out Lazy<MatrixNorms>? _);
                throw;
            }
        })).Value;

    /// <summary>Writes newly computed norms to the cache. Call it now and then, so that an interrupted run is not lost.</summary>
    public void Save()
    {
        for (int file = 0; file < _unsaved.Length; file++)
        {
            if (_cache is null || _unsaved[file].IsEmpty)
                continue;

            Dictionary<string, MatrixNorms> unsaved = _unsaved[file].ToDictionary(StringComparer.Ordinal);
            _cache.Save(Checkpoint.HashOf(file), Path.GetFileName(Checkpoint.Files[file].Path), unsaved);
            foreach (string layer in unsaved.Keys)
                _unsaved[file].TryRemove(layer, out _);
        }
    }
}
