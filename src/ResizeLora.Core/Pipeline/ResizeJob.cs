using ResizeLora.Decomposition;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
using ResizeLora.Writing;

namespace ResizeLora.Pipeline;

/// <summary>
/// One call of Invoke-LoraResize. Takes files and layers as they come and yields results as they get ready: at once where no
/// later input can be in the way of an earlier one, else when all inputs are known.
/// </summary>
internal sealed class ResizeJob : IDisposable
{
    private readonly INumericEngine _engine;
    private readonly JobSettings _settings;
    private readonly IPipelineObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly OutputGuard _guard;
    private readonly OpenCheckpoints _checkpoints;
    private readonly CheckpointFiles? _checkpointFiles;
    private readonly InputFilter _filter;
    private readonly List<string> _files = [];
    private readonly LayerInputs _layers;
    private readonly OutputReview _review;
    private ResizePipeline? _pipeline;
    private int _begun;

    /// <exception cref="ResizeLoraException">The whole call is at fault.</exception>
    public ResizeJob(INumericEngine engine, JobSettings settings, IPipelineObserver observer, CancellationToken cancellation)
    {
        settings.Pipeline.RankLimits.Check();
        _engine = engine;
        _settings = settings;
        _observer = observer;
        _cancellation = cancellation;
        _guard = new OutputGuard(settings.Pipeline);
        _checkpoints = new OpenCheckpoints(settings.Pipeline.CacheFolder, observer, cancellation);
        _checkpointFiles = settings.Checkpoint is null ? null : CheckpointFiles.Find(settings.Checkpoint);
        _layers = new LayerInputs(settings, _checkpointFiles, new LayerRestorer(engine, settings.Pipeline.Workers, observer, cancellation), observer);
        _filter = new InputFilter(_checkpointFiles, settings.IncludeResized, settings.Pipeline.SkipExisting, _guard, observer);
        _review = new OutputReview(observer);
        Protect(_checkpointFiles);
    }

    /// <summary>
    /// Two outputs of one name are an error before any work, and with leave to overwrite no input may be the output of
    /// another; so where outputs of different inputs can meet, all inputs come first.
    /// </summary>
    private bool CollectsFirst => _settings.Pipeline.Overwrite || _settings.Pipeline.Output != OutputPath.Beside;

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
            if (_filter.Takes(path))
                files.Add(path);
        }

        if (files.Count == 0)
            yield break;

        if (_checkpointFiles is null && Recipes.FirstOrDefault(recipe => recipe.NeedsCheckpoint) is { } recipe)
            throw PipelineFault.CheckpointNeeded(recipe);

        _files.AddRange(files);
        if (CollectsFirst)
            yield break;

        foreach (ResizeResult result in ResizeFiles(areAll ? files.Count : null))
            yield return result;
    }

    /// <summary>Takes a layer; the layers of a file are complete only at the end.</summary>
    public void Add(DecomposedLayer layer) => _layers.Add(layer);

    /// <summary>Takes a copy of a layer.</summary>
    public void Add(LayerReference copy) => _layers.Add(copy);

    /// <summary>Does what is left when all inputs are known.</summary>
    /// <exception cref="ResizeLoraException">The whole call is at fault.</exception>
    public IEnumerable<ResizeResult> Finish()
    {
        foreach (ResizeResult result in ResizeFiles(_files.Count).Concat(ResizeLayers()))
            yield return result;

        _filter.Report();
        _review.Report();
    }

    /// <summary>Releases the checkpoints, and saves what was computed of them.</summary>
    public void Dispose() => _checkpoints.Dispose();

    /// <summary>The recipes for files.</summary>
    private IReadOnlyList<ResizeRecipe> Recipes => [.. (_settings.Recipes ?? [ResizeRecipe.Default]).Distinct()];

    /// <summary>Resizes the files that have been taken, and lets go of them.</summary>
    private IEnumerable<ResizeResult> ResizeFiles(int? count)
    {
        if (_files.Count == 0)
            yield break;

        string[] files = [.. _files];
        _files.Clear();
        Prepare(files.Select(path => (path, Recipes)));
        _pipeline ??= PipelineFor(_checkpointFiles);
        if (!PrepareOnlyFolder())
            yield break;

        foreach (string path in files)
        {
            _observer.Begin(++_begun, count);
            foreach (ResizeResult result in EachOf(path, _pipeline.Resize(path, Recipes)))
                yield return result;
        }
    }

    private IEnumerable<ResizeResult> ResizeLayers()
    {
        IReadOnlyList<LayerTask> tasks = _layers.Tasks();
        foreach (LayerTask task in tasks)
            Protect(task.Checkpoint);
        Prepare(tasks.Select(task => (task.Path, (IReadOnlyList<ResizeRecipe>)[.. task.Items.Select(item => item.Recipe)])));
        List<ResizePipeline> pipelines = [.. tasks.Select(task => PipelineFor(task.Checkpoint))];
        if (tasks.Count == 0 || !PrepareOnlyFolder())
            yield break;

        foreach ((LayerTask task, ResizePipeline pipeline) in tasks.Zip(pipelines))
        {
            _observer.Begin(++_begun, tasks.Count);
            foreach (ResizeResult result in EachOf(task.Path, pipeline.Resize(task.Path, task.Items, task.IsCheckpointNamed)))
                yield return result;
        }
    }

    private ResizePipeline PipelineFor(CheckpointFiles? checkpoint) =>
        new(_engine, checkpoint is null ? null : _checkpoints.Open(checkpoint), _settings.Pipeline, _guard, _observer, _cancellation) { Review = _review };

    private void Protect(CheckpointFiles? checkpoint)
    {
        foreach (string path in checkpoint?.All ?? [])
            _guard.AddInput(path);
    }

    private void Prepare(IEnumerable<(string Path, IReadOnlyList<ResizeRecipe> Recipes)> work)
    {
        List<(string Path, IReadOnlyList<ResizeRecipe> Recipes)> inputs = [.. work];
        foreach ((string path, _) in inputs)
            _guard.AddInput(path);
        _guard.CheckInAdvance(inputs);
    }

    /// <summary>Where all outputs go to one folder, that it can't be written to is a fault of the call.</summary>
    private bool PrepareOnlyFolder()
    {
        if (_settings.Pipeline.Output.OnlyFolder is not { } folder || IsPerhapsComplete(folder))
            return true;

        try
        {
            if (_guard.Folders.Prepare(folder, _observer))
                return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw WritingFault.DestinationFailed(folder, exception);
        }

        _observer.Warning($"Nothing was done, because the folder '{folder}' was not created.");
        return false;
    }

    /// <summary>Whether all outputs may be there, so that nothing has to be written to a folder.</summary>
    private bool IsPerhapsComplete(string folder) => _settings.Pipeline.SkipExisting && Directory.Exists(folder);

    /// <summary>A problem with one file is its own, and the next file is worked on.</summary>
    private IEnumerable<ResizeResult> EachOf(string path, IEnumerable<ResizeResult> results)
    {
        using IEnumerator<ResizeResult> next = results.GetEnumerator();
        while (HasNext())
            yield return next.Current;

        bool HasNext()
        {
            try
            {
                return next.MoveNext();
            }
            catch (ResizeLoraException exception)
            {
                _observer.Error(exception);
            }
            catch (OutOfMemoryException exception)
            {
                // A hostile header can take many times its length; the next file need not.
                _observer.Error(SafetensorsFault.OutOfMemory(path, exception));
            }

            return false;
        }
    }
}
