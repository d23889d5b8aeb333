using ResizeLora.Checkpoints;
using ResizeLora.Differences;
using ResizeLora.Engine;
using ResizeLora.Norms;

namespace ResizeLora.Pipeline;

/// <summary>One call of Compare-Lora: takes files one by one, and yields how far the layers of each are from those of the reference.</summary>
internal sealed class CompareJob : IDisposable
{
    private readonly IJobHost _host;
    private readonly BaseCheckpoint? _checkpoint;
    private readonly ComparedAdapter _reference;
    private readonly LayerComparer _comparer;
    private readonly InputFilter _filter;

    /// <exception cref="ResizeLoraException">The reference or the checkpoint can't be used.</exception>
    public CompareJob(Lazy<INumericEngine> engine, ResizeOptions options, string reference, IJobHost host, CancellationToken cancellation)
    {
        _host = host;
        CheckpointFiles? files = options.Checkpoint is null ? null : CheckpointFiles.Find(options.Checkpoint);
        _filter = new InputFilter(files, new OutputGuard(options), options, host);
        _checkpoint = files is null ? null : BaseCheckpoint.Open(files, options.CacheFolder, host, cancellation);
        try
        {
            _reference = new ComparedAdapter(reference, _checkpoint?.Index, host);
        }
        catch
        {
            _checkpoint?.Dispose();
            throw;
        }

        NormCache? cache = options.CacheFolder is null ? null : new NormCache(options.CacheFolder, host, cancellation);
        _comparer = new LayerComparer(engine, _checkpoint is null ? null : new BaseNorms(_checkpoint, cache), options.Workers, host, cancellation);
    }

    /// <summary>The differences of each file, layer by layer.</summary>
    public IEnumerable<LoraDifference> Compare(IEnumerable<string> paths) => Wanted(paths).SelectMany(path => EachFile.Results(path, Layers(path), _host));

    /// <summary>The differences of each file by block, by component and in all.</summary>
    public IEnumerable<LoraDifferenceSummary> Summarise(IEnumerable<string> paths) =>
        Wanted(paths).SelectMany(path => EachFile.Results(path, Summaries(path), _host));

    /// <summary>Says what is left to be said when all files are known.</summary>
    public void Finish() => _filter.Report();

    public void Dispose()
    {
        _reference.Dispose();
        _checkpoint?.Dispose();
    }

    private IEnumerable<string> Wanted(IEnumerable<string> paths) => paths.Where(_filter.TakesToDecompose);

    private IEnumerable<LoraDifference> Layers(string path)
    {
        using var difference = new ComparedAdapter(path, _checkpoint?.Index, _host);
        foreach (LoraDifference layer in _comparer.Compare(_reference, difference))
            yield return layer;
    }

    /// <summary>A file that fails half way has no sum.</summary>
    private IEnumerable<LoraDifferenceSummary> Summaries(string path)
    {
        foreach (LoraDifferenceSummary summary in LoraDifferenceSummary.Of([.. Layers(path)]))
            yield return summary;
    }
}
