using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Norms;

namespace ResizeLora.Pipeline;

/// <summary>The checkpoints of one call, each opened once.</summary>
internal sealed class OpenCheckpoints(string? cacheFolder, IPipelineObserver observer, CancellationToken cancellation) : IDisposable
{
    private readonly Dictionary<string, BaseCheckpoint> _open = new(StringComparer.Ordinal);

    /// <summary>The checkpoint of these paths.</summary>
    /// <exception cref="ResizeLoraException">It can't be opened.</exception>
    public BaseCheckpoint Open(CheckpointFiles files)
    {
        string key = string.Join('\n', files.Paths);
        if (!_open.TryGetValue(key, out BaseCheckpoint? checkpoint))
        {
            _open[key] = checkpoint = BaseCheckpoint.Open(
                files,
                cacheFolder is null ? null : new NormCache(cacheFolder, observer.Warning, cancellation),
                observer.Warning,
                cancellation,
                (path, done, total) => observer.Progress(path, "Hashing MiB", done, total));
        }

        return checkpoint;
    }

    public void Dispose() => Dispose([.. _open.Values]);

    /// <summary>All of them, whatever saving the norms of one ends in.</summary>
    private static void Dispose(ReadOnlySpan<BaseCheckpoint> checkpoints)
    {
        if (checkpoints.IsEmpty)
            return;

        try
        {
            checkpoints[0].Dispose();
        }
        finally
        {
            Dispose(checkpoints[1..]);
        }
    }
}
