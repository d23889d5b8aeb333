using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Norms;

namespace ResizeLora.Pipeline;

/// <summary>The pipelines of one call: one for each checkpoint, which is opened once, and one for no checkpoint.</summary>
internal sealed class Pipelines(Lazy<INumericEngine> engine, ResizeOptions options, OutputGuard guard, OutputReview review, IJobHost host, CancellationToken cancellation) : IDisposable
{
    private readonly Dictionary<string, (ResizePipeline Pipeline, BaseCheckpoint? Checkpoint)> _open = new(StringComparer.Ordinal);

    /// <summary>The pipeline that compares with a checkpoint.</summary>
    /// <exception cref="ResizeLoraException">The checkpoint can't be opened.</exception>
    public ResizePipeline For(CheckpointFiles? files)
    {
        string key = string.Join('\n', files?.Paths ?? []);
        if (!_open.TryGetValue(key, out (ResizePipeline Pipeline, BaseCheckpoint? Checkpoint) entry))
        {
            BaseCheckpoint? checkpoint = files is null ? null : BaseCheckpoint.Open(files, options.CacheFolder, host, cancellation);
            NormCache? cache = options.CacheFolder is null ? null : new NormCache(options.CacheFolder, host, cancellation);
            BaseNorms? norms = checkpoint is null ? null : new BaseNorms(checkpoint, cache);
            _open[key] = entry = (new ResizePipeline(engine, norms, options, guard, review, host, cancellation), checkpoint);
        }

        return entry.Pipeline;
    }

    public void Dispose()
    {
        foreach ((_, BaseCheckpoint? checkpoint) in _open.Values)
            checkpoint?.Dispose();
    }
}
