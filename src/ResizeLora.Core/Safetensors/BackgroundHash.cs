using ResizeLora.Common;

namespace ResizeLora.Safetensors;

/// <summary>The SHA-256 of an open file, computed in the background.</summary>
internal sealed class BackgroundHash : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly PostponedReports _reports = new();
    private readonly Task<string> _hash;

    /// <param name="file">The file; it must stay open for as long as this object lives.</param>
    /// <param name="cacheFolder">Where hashes of known files are remembered; null to remember none.</param>
    /// <param name="cancellation">Stops the work.</param>
    public BackgroundHash(TensorFile file, string? cacheFolder, CancellationToken cancellation)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        // On a separate thread: the pool has as many as there are processors, and those are for the layers.
        _hash = Task.Factory.StartNew(
            () => FileIdentity.Sha256(file, cacheFolder, _reports, _stop.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <summary>Waits for the hash.</summary>
    /// <param name="reporter">Receives, on the caller's thread, warnings about the notes of known files.</param>
    /// <exception cref="ResizeLoraException">Reading failed.</exception>
    public string Wait(IReporter reporter)
    {
        string hash = _hash.GetAwaiter().GetResult();
        _reports.PassTo(reporter);
        return hash;
    }

    public void Dispose()
    {
        _stop.Cancel();

        // The failure of a hash that is not needed doesn't matter.
        ((Task)_hash).ContinueWith(_ => { }, TaskScheduler.Default).Wait(CancellationToken.None);
        _stop.Dispose();
    }
}
