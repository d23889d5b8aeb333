using System.Diagnostics;
using ResizeLora.Decomposition;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Peft;
using ResizeLora.Writing;

namespace ResizeLora.Pipeline;

/// <summary>
/// The whole flow, from top to bottom: open, pair, decompose, compare with the base, score, select, write.
/// One object serves one call; it is driven from one thread and does the work of the layers on several.
/// </summary>
internal sealed class ResizePipeline(
    INumericEngine engine,
    BaseCheckpoint? checkpoint,
    PipelineSettings settings,
    OutputGuard guard,
    IPipelineObserver observer,
    CancellationToken cancellation)
{
    private readonly LayerDecomposer _decomposer = new(engine, checkpoint, settings.Workers, observer, cancellation);
    private readonly OutputPlanner _planner = new(settings, checkpoint, guard, observer);

    /// <summary>Who looks at the outputs; null if nobody does.</summary>
    public OutputReview? Review { get; init; }

    /// <summary>Decomposes the wanted layers of a file, as they get ready.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used.</exception>
    public IEnumerable<DecomposedLayer> Decompose(string path)
    {
        using var source = AdapterSource.Open(path);
        AdapterContents contents = ReadContents(source);
        ReportUnsupported(source, contents);
        foreach (ResizeLoraException missing in settings.Layers?.Missing(source.Path, contents.Layers) ?? [])
            observer.Error(missing);
        foreach (DecomposedLayer layer in _decomposer.Decompose(source, Wanted(contents), contents.Pairs, withSubspace: false, forWriting: false))
            yield return layer;
    }

    /// <summary>Resizes a file by each recipe; a result comes when its file is there.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used at all.</exception>
    public IEnumerable<ResizeResult> Resize(string path, IReadOnlyList<ResizeRecipe> recipes)
    {
        using Input input = Open(path);
        if (ChoiceOf(input) is not { } choice)
            yield break;

        IReadOnlyList<OutputRecord> records = [.. recipes.Select(recipe => settings.RecordOf(recipe) with { Layers = choice }).Where(record => IsToBeMade(input, record))];
        if (records.Count == 0 || !PrepareFolder(input.Source.Location))
            yield break;

        ReportUnsupported(input.Source, input.Contents);
        bool withSubspace = records.Any(record => record.Recipe.NeedsSubspace);
        List<DecomposedLayer> layers = [];
        try
        {
            layers.AddRange(_decomposer.Decompose(input.Source, Wanted(input.Contents), input.Contents.Pairs, withSubspace, forWriting: true));
            foreach (ResizeResult result in Write(input, records.Select(record => (record, (IReadOnlyList<DecomposedLayer>)layers))))
                yield return result;
        }
        finally
        {
            foreach (DecomposedLayer layer in layers)
                layer.Basis?.Dispose();
        }
    }

    /// <summary>Resizes layers of one file that were decomposed earlier; each recipe with the layers that it is attached to.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used at all, or is no longer the one that was decomposed.</exception>
    public IEnumerable<ResizeResult> Resize(
        string path,
        IReadOnlyList<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> work,
        bool isCheckpointNamed = true)
    {
        using Input input = Open(path);
        EnsureSameScales(input, work.SelectMany(item => item.Layers));
        HashSet<string> refused = [.. input.Contents.Unsupported.Select(layer => layer.Name)];
        List<(OutputRecord Record, DecomposedLayer[] Layers)> outputs =
        [
            .. work
                .Select(item => (item.Recipe, Layers: item.Layers.Where(layer => !refused.Contains(layer.Name)).ToArray()))
                .Select(item => (settings.RecordOf(item.Recipe) with { Layers = ChoiceOf(item.Layers.Select(layer => layer.Name), input.Contents) }, item.Layers))
                .Where(item => IsToBeMade(input, item.Item1)),
        ];
        if (outputs.Count == 0 || !PrepareFolder(input.Source.Location))
            yield break;

        ReportUnsupported(input.Source, input.Contents);
        IEnumerable<DecomposedLayer> distinct = outputs.SelectMany(item => item.Layers).DistinctBy(layer => layer.Name);
        bool withSubspace = outputs.Exists(item => item.Record.Recipe.NeedsSubspace);
        Dictionary<string, DecomposedLayer> completed = _decomposer
            .Complete(input.Source, distinct, input.Contents.Pairs, withSubspace, isCheckpointNamed)
            .ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        IEnumerable<ResizeResult> results = Write(input, outputs.Select(item => (
            item.Record,
            (IReadOnlyList<DecomposedLayer>)[.. item.Layers.Select(layer => completed[layer.Name])])));
        foreach (ResizeResult result in results)
            yield return result;
    }

    private Input Open(string path)
    {
        var source = AdapterSource.Open(path);
        return new Input(source, new BackgroundHash(source.File, settings.CacheFolder, cancellation), new ExistingOutputs(settings.Output, source.Location), new(() => ReadContents(source)));
    }

    private IReadOnlyList<AdapterLayer> Wanted(AdapterContents contents) =>
        settings.Layers is { } filter ? filter.Wanted(contents.Layers, layer => layer.Name) : contents.Layers;

    /// <summary>Which layers of a file are worked on; null, with a warning, if none is.</summary>
    /// <exception cref="ResizeLoraException">A layer that was named outright is not there.</exception>
    private string? ChoiceOf(Input input)
    {
        if (settings.Layers is null)
            return LayerChoice.All;

        if (settings.Layers.Missing(input.Source.Path, input.Contents.Layers).FirstOrDefault() is { } missing)
            throw missing;

        IReadOnlyList<AdapterLayer> wanted = Wanted(input.Contents);
        if (wanted.Count > 0)
            return ChoiceOf(wanted.Select(layer => layer.Name), input.Contents);

        observer.Warning($"No layer of '{input.Source.Path}' matches {settings.Layers}, so it was not resized.");
        return null;
    }

    /// <summary>Whether no earlier run has made an output, and its name is free as far as it is known; so no work is done in vain.</summary>
    private bool IsToBeMade(Input input, OutputRecord record)
    {
        if (settings.SkipExisting && input.Existing.Find(() => Complete(input, record)) is { } existing)
        {
            observer.Verbose($"'{existing}' was made from the same input by the same recipe; skipped.");
            return false;
        }

        if (guard.TargetInAdvance(input.Source.Location, record) is not { } target)
            return true;

        try
        {
            guard.Check(target, input.Source.Location, () => Complete(input, record));
            return true;
        }
        catch (ResizeLoraException exception)
        {
            observer.Error(exception);
            return false;
        }
    }

    private bool PrepareFolder(AdapterLocation input)
    {
        string folder = settings.Output.FolderOf(input);
        try
        {
            return guard.Folders.Prepare(folder, observer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw WritingFault.FolderFailed(input.Path, folder, exception);
        }
    }

    /// <summary>The record with what takes time to find out. What the checkpoint has counts only for recipes that compare with it, and layers that need it.</summary>
    private OutputRecord Complete(Input input, OutputRecord record) => record with
    {
        SourceName = Path.GetFileName(input.Source.Path),
        SourceSha256 = input.Hash.Wait(observer.Warning),
        SourceConfigSha256 = input.Source.ConfigurationSha256,
        CheckpointSha256 = checkpoint is not null && (record.Recipe.NeedsCheckpoint || input.Contents.NeedsBase) ? checkpoint.Sha256 : null,
    };

    private static string ChoiceOf(IEnumerable<string> layers, AdapterContents contents) =>
        LayerChoice.Of(layers, contents.Layers.Select(layer => layer.Name));

    private AdapterContents ReadContents(AdapterSource source)
    {
        AdapterContents contents = AdapterContents.Read(source).PairWith(checkpoint?.Index, source.Path);
        return contents.Refuse(layer => layer.Magnitude is null ? null : WhyDoraIsRefused(layer, contents.Pairs));
    }

    /// <exception cref="ResizeLoraException">No layers are left.</exception>
    private void ReportUnsupported(AdapterSource source, AdapterContents contents)
    {
        string reasons = string.Join("; ", contents.Unsupported
            .GroupBy(layer => layer.Reason, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .Take(5)
            .Select(group => $"{group.Key} ({group.Count()}, such as '{DisplayText.Of(group.First().Name)}')"));
        string unknownPairs = PairingFault.UnknownPairs(contents.Others);
        if (contents.Layers.Count == 0)
            throw contents.Unsupported.Count == 0 && OtherModel.Describe(source.Header) is { } kind
                ? LayerFault.OtherModel(source.Path, kind)
                : LayerFault.NoLayers(source.Path, string.Join("; ", new[] { reasons, unknownPairs }.Where(text => text.Length > 0)));
        if (source.Location.LostConfiguration is { } lost && contents.Layers.Any(layer => layer.Alpha is null && layer.Configured is null))
            observer.Warning(lost);
        if (reasons.Length > 0)
            observer.Warning($"{Quantity.Of(contents.Unsupported.Count, "layer")} of '{source.Path}' can't be resized and will be kept unchanged: {reasons}.");
        if (unknownPairs.Length > 0)
            observer.Warning($"'{source.Path}': {unknownPairs}. Such tensors are copied as they are.");
    }

    private static string? WhyDoraIsRefused(AdapterLayer layer, AdapterPairs? pairs)
    {
        if (pairs is null)
            return "DoRA, whose magnitudes must be computed anew with the base weight: give -Checkpoint";

        LayerPair pair = pairs.Of(layer);
        return pair.BaseLayer is not null ? null
            : pair.Problem is null ? "DoRA, whose base layer the checkpoint does not have"
            : "DoRA, whose base layer is another size or can't be told";
    }

    /// <summary>What PEFT's configuration says is no part of a layer's tensors.</summary>
    /// <exception cref="ResizeLoraException">It says something else by now.</exception>
    private static void EnsureSameScales(Input input, IEnumerable<DecomposedLayer> layers)
    {
        Dictionary<string, ConfiguredAlpha?> scales = input.Contents.Layers.ToDictionary(layer => layer.Name, layer => layer.Configured, StringComparer.Ordinal);
        if (layers.FirstOrDefault(layer => scales.TryGetValue(layer.Name, out ConfiguredAlpha? now) && now != layer.Source.Layer.Configured) is { } changed)
            throw LayerFault.Changed(input.Source.Path, changed.Name);
    }

    private IEnumerable<ResizeResult> Write(Input input, IEnumerable<(OutputRecord Record, IReadOnlyList<DecomposedLayer> Layers)> work)
    {
        var outputs = new List<OutputFile>();
        var plans = new List<ResizeResult>();
        foreach ((OutputRecord record, IReadOnlyList<DecomposedLayer> layers) in work)
        {
            try
            {
                OutputFile output = _planner.Plan(input.Source, input.Contents, layers, Complete(input, record));
                ResizeResult plan = ResultOf(output, isWritten: false);
                string description = OutputPlanner.Describe(plan);
                observer.Verbose($"{output.Path}: {description}");
                if (observer.MayWrite(output.Path, description, Path.Exists(output.Path)))
                {
                    outputs.Add(output);
                    continue;
                }

                if (settings.IsRehearsal)
                    Review?.Add(output, plan);
                if (settings.EmitsPlans)
                    plans.Add(plan);
            }
            catch (ResizeLoraException exception)
            {
                // One recipe that can't be met does not end the work on the others.
                observer.Error(exception);
            }
        }

        foreach (ResizeResult plan in plans)
            yield return plan;
        if (outputs.Count == 0)
            yield break;

        var writer = new LoraWriter(engine, checkpoint, settings.Workers, cancellation);
        foreach (OutputFile output in writer.Write(input.Source, outputs, settings.Overwrite, ReportWriting))
        {
            ResizeResult result = ResultOf(output, isWritten: true);
            Review?.Add(output, result);
            yield return result;
        }

        ResizeResult ResultOf(OutputFile output, bool isWritten) =>
            output.ToResult(input.Source, checkpoint?.Version.Paths ?? [], input.Watch.Elapsed, isWritten);

        void ReportWriting(int done, int total) => observer.Progress(input.Source.Path, "Writing layer", done, total);
    }

    /// <summary>A file that is being worked on.</summary>
    /// <remarks>Its contents are not looked at before they are asked for: a job that runs again has thousands of files of which nothing is to be done.</remarks>
    private sealed record Input(AdapterSource Source, BackgroundHash Hash, ExistingOutputs Existing, Lazy<AdapterContents> LazyContents) : IDisposable
    {
        public Stopwatch Watch { get; } = Stopwatch.StartNew();

        public AdapterContents Contents => LazyContents.Value;

        public void Dispose()
        {
            Hash.Dispose();
            Source.Dispose();
        }
    }
}
