using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Output;
using ResizeLora.Pairing;

namespace ResizeLora.Pipeline;

/// <summary>
/// The whole flow, the same for files and for layers of files, from top to bottom: open, sort, pair, decompose, choose, plan, write.
/// One object serves one call and one checkpoint; it is driven from one thread and does the work of the layers on several.
/// </summary>
internal sealed class ResizePipeline
{
    private readonly Lazy<INumericEngine> _engine;
    private readonly BaseCheckpoint? _checkpoint;
    private readonly ResizeOptions _options;
    private readonly OutputGuard _guard;
    private readonly OutputReview _review;
    private readonly IJobHost _host;
    private readonly CancellationToken _cancellation;
    private readonly LayerDecomposer _decomposer;
    private bool _hasWarnedOfPrecision;
    private readonly HashSet<string> _withUnmatched = new(StringComparer.Ordinal);

    /// <param name="engine">The numeric engine.</param>
    /// <param name="norms">What layers are compared with; null for nothing.</param>
    /// <param name="options">The options of the call.</param>
    /// <param name="guard">What may be written where.</param>
    /// <param name="review">Looks at the outputs.</param>
    /// <param name="host">Receives reports and confirms writes.</param>
    /// <param name="cancellation">Stops the work.</param>
    public ResizePipeline(Lazy<INumericEngine> engine, BaseNorms? norms, ResizeOptions options, OutputGuard guard, OutputReview review, IJobHost host, CancellationToken cancellation)
    {
        _engine = engine;
        _checkpoint = norms?.Checkpoint;
        _options = options;
        _guard = guard;
        _review = review;
        _host = host;
        _cancellation = cancellation;
        _decomposer = new LayerDecomposer(engine, norms, options.Workers, host, cancellation);
    }

    /// <summary>Decomposes the wanted layers of an adapter; those of a file come as they get ready.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used, or is not the one that a layer was read from.</exception>
    public IEnumerable<DecomposedLayer> Decompose(AdapterTask task)
    {
        using var input = new AdapterInput(task, _checkpoint);
        IReadOnlySet<string>? names = null;
        if (task.Layers is null)
        {
            Sort(input);
            names = Filtered(input, _host.Error);
        }

        IReadOnlyList<PairedLayer> layers = Pair(input, names, forWriting: false);
        foreach (DecomposedLayer layer in input.Restored(_decomposer.Decompose(input.Source, layers, withSubspace: false, forWriting: false)))
            yield return layer;
    }

    /// <summary>Resizes an adapter by each recipe; a result comes when its file is there.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used at all, or is not the one that a layer was read from.</exception>
    public IEnumerable<ResizeResult> Resize(AdapterTask task)
    {
        using var input = new AdapterInput(task, _checkpoint);
        input.BeginHash(_options.CacheFolder, _cancellation);
        IReadOnlyList<WantedOutput> wanted = [.. Wanted(input).Where(output => IsToBeMade(input, output.Record))];
        if (wanted.Count == 0 || !(task.HasCopies || PrepareFolder(input.Source.Location)))
            yield break;

        Sort(input);
        IReadOnlyList<PairedLayer> paired = Pair(input, NamesIn(wanted), forWriting: true);
        CheckPrecision(input, paired, wanted[0].Record);
        List<DecomposedLayer> layers = [];
        try
        {
            layers.AddRange(_decomposer.Decompose(input.Source, paired, wanted.Any(output => output.Record.Recipe.NeedsSubspace), forWriting: true));
            IReadOnlyList<DecomposedLayer> restored = [.. input.Restored(layers)];
            EnsureSameBase(input, restored);
            if (!PrepareFolder(input.Source.Location))
                yield break;

            (List<OutputFile> outputs, List<ResizeResult> unwritten) = Plan(input, wanted, restored);
            foreach (ResizeResult result in unwritten.Concat(Write(input, outputs)))
                yield return result;
        }
        finally
        {
            foreach (DecomposedLayer layer in layers)
                layer.Basis?.Dispose();
        }
    }

    /// <summary>The requested outputs. Without a filter this does not read the contents of the file.</summary>
    /// <exception cref="ResizeLoraException">A layer that was named outright is not there, or the file has changed.</exception>
    private IEnumerable<WantedOutput> Wanted(AdapterInput input)
    {
        IReadOnlySet<string>? filtered = null;
        if (input.Task.Layers is not null)
            input.EnsureSameScales();
        else if (_options.Layers is not null)
            filtered = Filtered(input, missing => throw missing);

        if (filtered is { Count: 0 })
        {
            _host.Warning($"No layer of '{input.Path}' matches {_options.Layers}, so it was not resized.");
            return [];
        }

        return input.Task.Outputs.Select(output =>
        {
            IReadOnlySet<string>? layers = output.Layers is null ? filtered : output.Layers.Except(input.Contents.Unsupported.Select(layer => layer.Name)).ToHashSet(StringComparer.Ordinal);
            string choice = layers is null ? LayerChoice.All : LayerChoice.Of(layers, input.LayerNames);
            return new WantedOutput(_options.RecordOf(output.Recipe) with { Layers = choice }, layers);
        });
    }

    /// <summary>The names of the layers of a file that the user wants; null for all.</summary>
    private HashSet<string>? Filtered(AdapterInput input, Action<ResizeLoraException> missing)
    {
        if (_options.Layers is not { } filter)
            return null;

        foreach (ResizeLoraException exception in filter.Missing(input.Path, input.Contents.Layers))
            missing(exception);
        return filter.Wanted(input.Contents.Layers, layer => layer.Name).Select(layer => layer.Name).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Whether no earlier run has made an output, and its name is free as far as it is known; so no work is done in vain.</summary>
    private bool IsToBeMade(AdapterInput input, OutputRecord record)
    {
        if (_options.SkipExisting && input.Existing(_options.Output).Find(() => Complete(input, record)) is { } existing)
        {
            _host.Verbose($"'{existing}' was made from the same input by the same recipe; skipped.");
            return false;
        }

        if (_guard.TargetInAdvance(input.Source.Location, record) is not { } target)
            return true;

        try
        {
            _guard.Check(target, input.Source.Location, () => Complete(input, record));
            return true;
        }
        catch (ResizeLoraException exception)
        {
            _host.Error(exception);
            return false;
        }
    }

    /// <summary>Sees to the folder of the outputs: before any work, but not before copies of layers have shown to be good.</summary>
    private bool PrepareFolder(AdapterLocation input)
    {
        string folder = _options.Output.FolderOf(input);
        try
        {
            if (_guard.PrepareFolder(folder, _host))
                return true;

            _host.Warning($"'{input.Path}' was not resized, because the folder '{folder}' was not created.");
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputErrors.FolderFailed(input.Path, folder, exception);
        }
    }

    /// <summary>The record with what takes time to find out. What the checkpoint has counts only for recipes that compare with it, and layers that need it.</summary>
    private OutputRecord Complete(AdapterInput input, OutputRecord record) => record with
    {
        SourceName = Path.GetFileName(input.Path),
        SourceSha256 = input.Hash(_host),
        SourceConfigSha256 = input.Source.ConfigurationSha256,
        CheckpointSha256 = _checkpoint is not null && (record.Recipe.NeedsCheckpoint || input.Contents.NeedsBase) ? _checkpoint.Sha256 : null,
    };

    /// <summary>
    /// Layers chosen by norms that the checkpoint no longer has would give another result than the user saw. A user who names the
    /// checkpoint wants the layers to be compared with its current version, and is told that it has changed.
    /// </summary>
    /// <exception cref="ResizeLoraException">The checkpoint that the layers remember is another one by now.</exception>
    private void EnsureSameBase(AdapterInput input, IReadOnlyList<DecomposedLayer> layers)
    {
        if (_checkpoint is null || input.WithOtherBase(layers) is not { } other)
            return;

        if (_options.Checkpoint is null)
            throw LayerErrors.CheckpointChanged(input.Path, other.Name, _checkpoint.Path);
        if (other.Checkpoint.SequenceEqual(_checkpoint.Version.Paths, StringComparer.Ordinal))
            _host.Warning($"The checkpoint '{_checkpoint.Path}' has changed since the layers of '{input.Path}' were decomposed (layer '{DisplayText.Of(other.Name)}'). They are compared with its current version.");
    }

    /// <summary>Sorts the tensors, and says which of them can't be resized.</summary>
    /// <exception cref="ResizeLoraException">No layers are left.</exception>
    private void Sort(AdapterInput input)
    {
        var review = new AdapterReview(input.Source, input.Contents);
        review.EnsureLayers();
        foreach (string warning in review.Warnings("can't be resized and will be kept unchanged", "They are copied unchanged."))
            _host.Warning(warning);
    }

    /// <summary>Finds what the layers modify, and says what was recognised.</summary>
    /// <exception cref="ResizeLoraException">It is not the right checkpoint.</exception>
    private IReadOnlyList<PairedLayer> Pair(AdapterInput input, IReadOnlySet<string>? names, bool forWriting)
    {
        IReadOnlyList<PairedLayer> layers = input.Layers(names);
        if (_checkpoint is null || input.Pairs is not { } pairs || layers.Count == 0)
            return layers;

        BaseCheckpointIndex index = _checkpoint.Index;
        AdapterReview.EnsurePaired(input.Path, index, pairs, [.. layers.Select(layer => (layer.Layer, layer.Pair))]);
        _host.Verbose(PairingSummary.Describe(input.Path, index, pairs, [.. layers.Select(layer => (layer.Layer, layer.Pair))]));

        // What happens to them in an output is reported when it is planned.
        PairedLayer[] unpaired = [.. layers.Where(layer => layer.Pair.BaseLayer is null)];
        if (unpaired.Length > 0 && !forWriting)
            _host.Warning($"The checkpoint has no partner for {Quantity.Of(unpaired.Length, "layer")} of '{input.Path}': {PairingSummary.UnpairedByComponent(index, [.. unpaired.Select(layer => (layer.Pair.Component, layer.Layer.Name, layer.Pair.Problem))])}");
        return layers;
    }

    /// <summary>Sees to it that the outputs can have the precision, which is the same for all recipes, and warns where a loader does not read it.</summary>
    /// <exception cref="ResizeLoraException">They can't.</exception>
    private void CheckPrecision(AdapterInput input, IReadOnlyList<PairedLayer> paired, OutputRecord record)
    {
        CoarsePrecision.EnsureAlpha(input.Source, paired.Select(layer => layer.Layer), record);
        if (CoarsePrecision.Warning(input.Source, paired.Select(layer => layer.Layer), record) is { } warning && !_hasWarnedOfPrecision)
        {
            _hasWarnedOfPrecision = true;
            _host.Warning(warning);
        }
    }

    /// <summary>Plans the outputs, and asks whether they may be written.</summary>
    /// <returns>The outputs to write, and the reports on those that are not written.</returns>
    private (List<OutputFile> Outputs, List<ResizeResult> Unwritten) Plan(AdapterInput input, IReadOnlyList<WantedOutput> wanted, IReadOnlyList<DecomposedLayer> layers)
    {
        var outputs = new List<OutputFile>();
        var unwritten = new List<ResizeResult>();
        foreach ((OutputRecord record, IReadOnlySet<string>? names) in wanted)
        {
            try
            {
                OutputFile output = Plan(input, Complete(input, record), [.. layers.Where(layer => names?.Contains(layer.Name) != false)]);
                ResizeResult plan = ResultOf(input, output, isWritten: false);
                string description = PlanSummary.Describe(plan);
                _host.Verbose($"{output.Path}: {description}");
                if (_host.MayWrite(output.Path, description, Path.Exists(output.Path)))
                {
                    outputs.Add(output);
                    continue;
                }

                if (_options.IsRehearsal)
                    _review.Add(output, plan);
                if (_options.EmitsPlans)
                    unwritten.Add(plan);
            }
            catch (ResizeLoraException exception)
            {
                // One recipe that can't be met does not end the work on the others.
                _host.Error(exception);
            }
        }

        return (outputs, unwritten);
    }

    /// <summary>Plans one output, takes its name, and says what it will be.</summary>
    private OutputFile Plan(AdapterInput input, OutputRecord record, IReadOnlyList<DecomposedLayer> layers)
    {
        LayerRoles roles = Choose(input, record, layers);
        OutputFile output = WithinError(input, record, (rounding, below) => OutputPlanner.Plan(input.Source, input.Contents, roles, record, _options.Output, rounding, below));
        _guard.Claim(output.Path, input.Source.Location, output.Plan.Record);
        foreach (string detail in PlanSummary.Details(output))
            _host.Verbose(detail);
        return output;
    }

    /// <summary>Makes the factors of a planned output, where that must be known to keep to a limit of the error.</summary>
    private OutputFile WithinError(AdapterInput input, OutputRecord record, Func<double[]?, long?, OutputFile> plan)
    {
        OutputFile output = plan(null, null);
        if (record.Recipe.ErrorLimit is not { } limit || !output.RoundingCounts(limit))
            return output;

        var writer = new LoraWriter(_engine.Value, _checkpoint, _options.Workers, _cancellation);
        return new RoundedPlan(plan, planned => writer.MeasureRounding(input.Source, planned, (done, total) => _host.Progress(input.Path, "Rounding layer", done, total))).Within(limit, output);
    }

    /// <summary>Chooses what becomes of each layer, and says which ones the checkpoint lacks.</summary>
    /// <exception cref="ResizeLoraException">It lacks some, and the user wants that to be an error.</exception>
    private LayerRoles Choose(AdapterInput input, OutputRecord record, IReadOnlyList<DecomposedLayer> layers)
    {
        var roles = LayerRoles.Of(input.Contents, layers, record);
        if (roles.Unmatched.Count == 0)
            return roles;

        string unpaired = PairingSummary.UnpairedByComponent(_checkpoint?.Index, [.. roles.Unmatched.Select(layer => (layer.Component, layer.Name, layer.Source.Pair.Problem))]);
        if (record.UnmatchedLayer == UnmatchedLayer.Error)
            throw LayerErrors.Unmatched(input.Path, _checkpoint?.Path ?? "(none)", roles.Unmatched.Count, unpaired);
        if (_withUnmatched.Add(input.Path))
            _host.Warning($"The checkpoint has no partner for {Quantity.Of(roles.Unmatched.Count, "layer")} of '{input.Path}' ({LayerRoles.FateOfUnmatched(record)}): {unpaired}");
        return roles;
    }

    private IEnumerable<ResizeResult> Write(AdapterInput input, List<OutputFile> outputs)
    {
        if (outputs.Count == 0)
            yield break;

        var writer = new LoraWriter(_engine.Value, _checkpoint, _options.Workers, _cancellation);
        foreach (OutputFile output in writer.Write(input.Source, outputs, _options.Overwrite, (done, total) => _host.Progress(input.Path, "Writing layer", done, total)))
        {
            ResizeResult result = ResultOf(input, output, isWritten: true);
            _review.Add(output, result);
            yield return result;
        }
    }

    private ResizeResult ResultOf(AdapterInput input, OutputFile output, bool isWritten) =>
        output.ToResult(input.Source, _checkpoint?.Version.Paths ?? [], input.Watch.Elapsed, isWritten);

    private static HashSet<string>? NamesIn(IReadOnlyList<WantedOutput> outputs) =>
        outputs.Any(output => output.Layers is null) ? null : outputs.SelectMany(output => output.Layers!).ToHashSet(StringComparer.Ordinal);

    /// <summary>A requested output.</summary>
    /// <param name="Record">How it is made, as far as it is known.</param>
    /// <param name="Layers">The layers that the recipe chooses among; null for all.</param>
    private sealed record WantedOutput(OutputRecord Record, IReadOnlySet<string>? Layers);
}
