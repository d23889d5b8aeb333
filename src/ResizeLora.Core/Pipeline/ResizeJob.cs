using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Output;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>
/// One call of Invoke-LoraResize. Takes files and layers one by one and yields results as they are ready: at once where no
/// later input can be in the way of an earlier one, else when all inputs are known.
/// </summary>
internal sealed class ResizeJob : IDisposable
{
    private readonly ResizeOptions _options;
    private readonly IJobHost _host;
    private readonly CancellationToken _cancellation;
    private readonly OutputGuard _guard;
    private readonly Pipelines _pipelines;
    private readonly CheckpointFiles? _checkpoint;
    private readonly InputFilter _filter;
    private readonly List<string> _files = [];
    private readonly LayerInputs _layers;
    private readonly OutputReview _review;
    private int _begun;

    /// <exception cref="ResizeLoraException">The whole call is at fault.</exception>
    public ResizeJob(Lazy<INumericEngine> engine, ResizeOptions options, IJobHost host, CancellationToken cancellation)
    {
        options.RankLimits.Check();
        if (options is { Precision: not ResizePrecision.Source, RankLimits.Rank: { } rank } && options.Precision.DType(SafetensorsDType.F32).Format().IsCoarse)
            throw JobErrors.RankNeedsAlpha(rank, options.Precision);
        _options = options;
        _host = host;
        _cancellation = cancellation;
        _guard = new OutputGuard(options);
        _review = new OutputReview(host);
        _pipelines = new Pipelines(engine, options, _guard, _review, host, cancellation);
        _checkpoint = options.Checkpoint is null ? null : CheckpointFiles.Find(options.Checkpoint);
        _layers = new LayerInputs(options, _checkpoint, host);
        _filter = new InputFilter(_checkpoint, _guard, options, host);
        Protect(_checkpoint);
    }

    /// <summary>
    /// Two outputs of one name are an error before any work, and with leave to overwrite no input may be the output of
    /// another; so where outputs of different inputs can meet, all inputs come first.
    /// </summary>
    private bool CollectsFirst => _options.Overwrite || _options.Output != OutputPath.Beside;

    /// <summary>Takes files.</summary>
    /// <param name="paths">Their full paths.</param>
    /// <param name="areAll">Whether no others will come.</param>
    /// <exception cref="ResizeLoraException">The whole call is at fault.</exception>
    public IEnumerable<ResizeResult> Resize(IEnumerable<string> paths, bool areAll)
    {
        List<string> files = [];
        foreach (string path in paths)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (_filter.TakesToResize(path))
                files.Add(path);
        }

        if (files.Count == 0)
            yield break;

        if (_checkpoint is null && Recipes.FirstOrDefault(recipe => recipe.NeedsCheckpoint) is { } recipe)
            throw JobErrors.CheckpointNeeded(recipe);

        _files.AddRange(files);
        if (CollectsFirst)
            yield break;

        foreach (ResizeResult result in ResizeFiles(areAll ? files.Count : null))
            yield return result;
    }

    /// <summary>Takes a layer, or a copy of one; the layers of a file are complete only at the end.</summary>
    public void Add(LayerReference layer) => _layers.Add(layer);

    /// <summary>Does what is left when all inputs are known.</summary>
    /// <exception cref="ResizeLoraException">The whole call is at fault.</exception>
    public IEnumerable<ResizeResult> Finish()
    {
        foreach (ResizeResult result in ResizeFiles(_files.Count))
            yield return result;
        foreach (ResizeResult result in ResizeLayers())
            yield return result;

        _filter.Report();
        _review.Report();
    }

    /// <summary>Releases the checkpoints.</summary>
    public void Dispose() => _pipelines.Dispose();

    /// <summary>The recipes for files.</summary>
    private IReadOnlyList<ResizeRecipe> Recipes => [.. (_options.Recipes ?? [ResizeRecipe.Default]).Distinct()];

    /// <summary>Resizes the files that have been taken, and lets go of them.</summary>
    private IEnumerable<ResizeResult> ResizeFiles(int? count)
    {
        AdapterTask[] tasks = [.. _files.Select(path => AdapterTask.OfFile(path, Recipes, _checkpoint))];
        _files.Clear();
        return Resize(tasks, count);
    }

    private IEnumerable<ResizeResult> ResizeLayers()
    {
        IReadOnlyList<AdapterTask> tasks = _layers.Tasks();
        foreach (AdapterTask task in tasks)
            Protect(task.Checkpoint);
        return Resize(tasks, tasks.Count);
    }

    private IEnumerable<ResizeResult> Resize(IReadOnlyList<AdapterTask> tasks, int? count)
    {
        if (tasks.Count == 0)
            yield break;

        foreach (AdapterTask task in tasks)
            _guard.AddInput(task.Path);
        _guard.CheckInAdvance(tasks);
        List<ResizePipeline> pipelines = [.. tasks.Select(task => _pipelines.For(task.Checkpoint))];
        if (!PrepareOnlyFolder(tasks))
            yield break;

        foreach ((AdapterTask task, ResizePipeline pipeline) in tasks.Zip(pipelines))
        {
            _host.Begin(++_begun, count);
            foreach (ResizeResult result in EachFile.Results(task.Path, pipeline.Resize(task), _host))
                yield return result;
        }
    }

    private void Protect(CheckpointFiles? checkpoint)
    {
        foreach (string path in checkpoint?.All ?? [])
            _guard.AddInput(path);
    }

    /// <summary>Where all outputs go to one folder, that it can't be written to is a fault of the call.</summary>
    private bool PrepareOnlyFolder(IReadOnlyList<AdapterTask> tasks)
    {
        // For copies of layers that turn out to be bad, none is created.
        if (_options.Output.OnlyFolder is not { } folder || (tasks.Any(task => task.HasCopies) && !Directory.Exists(folder)) || IsPerhapsComplete(folder))
            return true;

        try
        {
            if (_guard.PrepareFolder(folder, _host))
                return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputErrors.DestinationFailed(folder, exception);
        }

        _host.Warning($"Nothing was done, because the folder '{folder}' was not created.");
        return false;
    }

    /// <summary>Whether all outputs may be there, so that nothing has to be written to a folder.</summary>
    private bool IsPerhapsComplete(string folder) => _options.SkipExisting && Directory.Exists(folder);
}
