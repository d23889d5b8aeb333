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
    private readonly Checkpoints _checkpoints;
    private readonly CheckpointFiles? _checkpointFiles;
    private readonly InputFilter _filter;
    private readonly List<string> _files = [];
    private readonly List<DecomposedLayer> _layers = [];
    private readonly List<LayerReference> _copies = [];
    private ResizePipeline? _pipeline;
    private string? _offered;
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
        _checkpoints = new Checkpoints(settings.Pipeline.CacheFolder, observer, cancellation);
        _checkpointFiles = settings.Checkpoint is null ? null : CheckpointFiles.Find(settings.Checkpoint);
        _filter = new InputFilter(_checkpointFiles, settings.IncludeResized, _guard, observer);
        Protect(_checkpointFiles);
    }

    /// <summary>Whether any input has come.</summary>
    public bool HasInput { get; private set; }

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
            HasInput = true;
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
    public void Add(DecomposedLayer layer)
    {
        if (Offer(layer.Name))
            _layers.Add(layer);
    }

    /// <summary>Takes a copy of a layer.</summary>
    public void Add(LayerReference copy)
    {
        if (Offer(copy.Name))
            _copies.Add(copy);
    }

    /// <summary>Does what is left when all inputs are known.</summary>
    /// <exception cref="ResizeLoraException">The whole call is at fault.</exception>
    public IEnumerable<ResizeResult> Finish()
    {
        foreach (ResizeResult result in ResizeFiles(_files.Count).Concat(ResizeLayers()))
            yield return result;

        _filter.Report();
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
        // A copy is of any file, and the pipeline compares it with the checkpoint.
        var restorer = new LayerRestorer(_engine, _settings.Pipeline.Workers, _observer, _cancellation);
        _layers.AddRange(restorer.Restore(_copies, checkpoint: null, needsRecipes: _settings.Recipes is null));
        List<LayerWork> work = [.. _layers.GroupBy(layer => layer.Path, StringComparer.Ordinal).Select(WorkOn)];
        if (_offered is not null && _layers.Count == 0 && _copies.Count == 0)
            _observer.Warning($"Nothing was done: none of the layers in the pipeline, such as '{_offered}', matches {_settings.Pipeline.Layers}.");
        if (work.Count == 0)
            yield break;

        foreach (LayerWork file in work)
            Protect(file.Checkpoint);
        Prepare(work.Select(file => (file.Path, (IReadOnlyList<ResizeRecipe>)[.. file.Items.Select(item => item.Recipe)])));
        List<ResizePipeline> pipelines = [.. work.Select(file => PipelineFor(file.Checkpoint))];
        if (!PrepareOnlyFolder())
            yield break;

        foreach ((LayerWork file, ResizePipeline pipeline) in work.Zip(pipelines))
        {
            _observer.Begin(++_begun, work.Count);
            foreach (ResizeResult result in EachOf(file.Path, pipeline.Resize(file.Path, file.Items)))
                yield return result;
        }
    }

    /// <summary>The layers of one file, by recipe. Each is compared with the checkpoint that the user names, or the one it remembers.</summary>
    private LayerWork WorkOn(IGrouping<string, DecomposedLayer> file)
    {
        List<(DecomposedLayer Layer, ResizeRecipe Recipe)> pairs = [.. file.SelectMany(layer => RecipesOf(layer).Select(recipe => (layer, recipe)))];
        CheckpointFiles? checkpoint = _checkpointFiles;
        foreach ((DecomposedLayer layer, ResizeRecipe recipe) in pairs.Where(pair => pair.Recipe.NeedsCheckpoint || pair.Layer.Source.Layer.NeedsBase))
        {
            checkpoint ??= layer.Source.Checkpoint is { } known ? CheckpointFiles.Find(known.Paths) : null;
            if (checkpoint is null && recipe.NeedsCheckpoint)
                throw PipelineFault.CheckpointNeeded(recipe);
        }

        // In the order of names, as from a file: where scores are equal, it decides.
        return new LayerWork(file.Key, checkpoint,
        [
            .. pairs
                .GroupBy(pair => pair.Recipe, pair => pair.Layer)
                .Select(group => (group.Key, (IReadOnlyList<DecomposedLayer>)[.. group.DistinctBy(layer => layer.Name).OrderBy(layer => layer.Name, StringComparer.Ordinal)])),
        ]);
    }

    private ResizeRecipe[] RecipesOf(DecomposedLayer layer)
    {
        ResizeRecipe[] recipes = [.. layer.Recipes.Concat(_settings.Recipes ?? []).Distinct()];
        return recipes.Length > 0 ? recipes : [ResizeRecipe.Default];
    }

    /// <summary>Whether a layer is wanted; one that does not tell its name is, until it is refused for that.</summary>
    private bool Offer(string layer)
    {
        HasInput = true;
        _offered ??= layer;
        return layer.Length == 0 || _settings.Pipeline.Layers?.IsWanted(layer) != false;
    }

    private ResizePipeline PipelineFor(CheckpointFiles? checkpoint) =>
        new(_engine, checkpoint is null ? null : _checkpoints.Open(checkpoint), _settings.Pipeline, _guard, _observer, _cancellation);

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
        if (_settings.Pipeline.Output.OnlyFolder is not { } folder)
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

        _observer.Warning($"Nothing was done, as the folder '{folder}' was not to be created.");
        return false;
    }

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

    private sealed record LayerWork(string Path, CheckpointFiles? Checkpoint, IReadOnlyList<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> Items);
}
