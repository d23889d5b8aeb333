using System.Diagnostics;
using ResizeLora.Decomposition;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
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

    /// <summary>Decomposes the wanted layers of a file, as they get ready.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used.</exception>
    public IEnumerable<DecomposedLayer> Decompose(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        AdapterContents contents = ReadContents(file);
        ReportUnsupported(file, contents);
        foreach (ResizeLoraException missing in settings.Layers?.Missing(path, contents.Layers) ?? [])
            observer.Error(missing);
        foreach (DecomposedLayer layer in _decomposer.Decompose(file, Wanted(contents), contents.Pairs, withSubspace: false, forWriting: false))
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
        if (records.Count == 0 || !PrepareFolder(path))
            yield break;

        ReportUnsupported(input.File, input.Contents);
        bool withSubspace = records.Any(record => record.Recipe.NeedsSubspace);
        List<DecomposedLayer> layers = [];
        try
        {
            layers.AddRange(_decomposer.Decompose(input.File, Wanted(input.Contents), input.Contents.Pairs, withSubspace, forWriting: true));
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
        IReadOnlyList<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> work)
    {
        using Input input = Open(path);
        EnsureSameAlphas(input, work.SelectMany(item => item.Layers));
        HashSet<string> refused = [.. input.Contents.Unsupported.Select(layer => layer.Name)];
        List<(OutputRecord Record, DecomposedLayer[] Layers)> outputs =
        [
            .. work
                .Select(item => (item.Recipe, Layers: item.Layers.Where(layer => !refused.Contains(layer.Name)).ToArray()))
                .Select(item => (settings.RecordOf(item.Recipe) with { Layers = ChoiceOf(item.Layers.Select(layer => layer.Name), input.Contents) }, item.Layers))
                .Where(item => IsToBeMade(input, item.Item1)),
        ];
        if (outputs.Count == 0 || !PrepareFolder(path))
            yield break;

        ReportUnsupported(input.File, input.Contents);
        IEnumerable<DecomposedLayer> distinct = outputs.SelectMany(item => item.Layers).DistinctBy(layer => layer.Name);
        bool withSubspace = outputs.Exists(item => item.Record.Recipe.NeedsSubspace);
        Dictionary<string, DecomposedLayer> completed = _decomposer
            .Complete(input.File, distinct, input.Contents.Pairs, withSubspace)
            .ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        IEnumerable<ResizeResult> results = Write(input, outputs.Select(item => (
            item.Record,
            (IReadOnlyList<DecomposedLayer>)[.. item.Layers.Select(layer => completed[layer.Name])])));
        foreach (ResizeResult result in results)
            yield return result;
    }

    private Input Open(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        return new Input(file, new BackgroundHash(file, settings.CacheFolder, cancellation), new ExistingOutputs(settings.Output, path), new(() => ReadContents(file)));
    }

    private IReadOnlyList<AdapterLayer> Wanted(AdapterContents contents) =>
        settings.Layers is { } filter ? [.. contents.Layers.Where(layer => filter.IsWanted(layer.Name))] : contents.Layers;

    /// <summary>Which layers of a file are worked on; null, with a warning, if none is.</summary>
    /// <exception cref="ResizeLoraException">A layer that was named outright is not there.</exception>
    private string? ChoiceOf(Input input)
    {
        if (settings.Layers is null)
            return LayerChoice.All;

        if (settings.Layers.Missing(input.File.Path, input.Contents.Layers).FirstOrDefault() is { } missing)
            throw missing;

        IReadOnlyList<AdapterLayer> wanted = Wanted(input.Contents);
        if (wanted.Count > 0)
            return ChoiceOf(wanted.Select(layer => layer.Name), input.Contents);

        observer.Warning($"No layer of '{input.File.Path}' matches {settings.Layers}, so it was not resized.");
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

        if (guard.TargetInAdvance(input.File.Path, record) is not { } target)
            return true;

        try
        {
            guard.Check(target, input.File.Path, () => Complete(input, record));
            return true;
        }
        catch (ResizeLoraException exception)
        {
            observer.Error(exception);
            return false;
        }
    }

    private bool PrepareFolder(string path)
    {
        string folder = settings.Output.FolderOf(path);
        try
        {
            return guard.Folders.Prepare(folder, observer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw WritingFault.FolderFailed(path, folder, exception);
        }
    }

    /// <summary>The record with what takes time to find out. What the checkpoint has counts only for recipes that compare with it, and layers that need it.</summary>
    private OutputRecord Complete(Input input, OutputRecord record) => record with
    {
        SourceName = Path.GetFileName(input.File.Path),
        SourceSha256 = input.Hash.Wait(observer.Warning),
        CheckpointSha256 = checkpoint is not null && (record.Recipe.NeedsCheckpoint || input.Contents.NeedsBase) ? checkpoint.Sha256 : null,
    };

    private static string ChoiceOf(IEnumerable<string> layers, AdapterContents contents) =>
        LayerChoice.Of(layers, contents.Layers.Select(layer => layer.Name));

    private AdapterContents ReadContents(SafetensorsFile file)
    {
        AdapterContents contents = AdapterContents.Read(file.Header, file.Path).PairWith(checkpoint?.Index, file.Path);
        return contents.Refuse(layer => layer.Magnitude is null ? null : WhyDoraIsRefused(layer, contents.Pairs));
    }

    /// <exception cref="ResizeLoraException">No layers are left.</exception>
    private void ReportUnsupported(SafetensorsFile file, AdapterContents contents)
    {
        string reasons = string.Join("; ", contents.Unsupported
            .GroupBy(layer => layer.Reason, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .Take(5)
            .Select(group => $"{group.Count()} x {group.Key}, such as '{DisplayText.Of(group.First().Name)}'"));
        IReadOnlyList<(TensorInfo Up, TensorInfo Down)> unknown = UnknownPairs.Find(contents.Others);
        string unknownPairs = unknown.Count == 0
            ? string.Empty
            : $"{unknown.Count} pair(s) of tensors look like the factors of a layer, but their names are not known, such as '{DisplayText.Of(unknown[0].Up.Name)}' and '{DisplayText.Of(unknown[0].Down.Name)}'";
        if (contents.Layers.Count == 0)
            throw LayerFault.NoLayers(file.Path, string.Join("; ", new[] { reasons, unknownPairs }.Where(text => text.Length > 0)));
        if (reasons.Length > 0)
            observer.Warning($"'{file.Path}' has {contents.Unsupported.Count} layer(s) that can't be resized and are kept unchanged: {reasons}.");
        if (unknown.Count > 0)
            observer.Warning($"'{file.Path}': {unknownPairs}. They are copied as they are.");
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

    /// <summary>An alpha in the header may have changed, and none of the tensors that layers remember.</summary>
    private static void EnsureSameAlphas(Input input, IEnumerable<DecomposedLayer> layers)
    {
        Dictionary<string, AdapterLayer> present = input.Contents.Layers.ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        foreach (DecomposedLayer layer in layers)
        {
            if (present.TryGetValue(layer.Name, out AdapterLayer? now) && now.HeaderAlpha != layer.Source.Layer.HeaderAlpha)
                throw LayerFault.Changed(input.File.Path, layer.Name);
        }
    }

    private IEnumerable<ResizeResult> Write(Input input, IEnumerable<(OutputRecord Record, IReadOnlyList<DecomposedLayer> Layers)> work)
    {
        var outputs = new List<OutputFile>();
        var plans = new List<ResizeResult>();
        foreach ((OutputRecord record, IReadOnlyList<DecomposedLayer> layers) in work)
        {
            try
            {
                OutputFile output = _planner.Plan(input.File, input.Contents, layers, Complete(input, record));
                ResizeResult plan = ResultOf(output, isWritten: false);
                string description = OutputPlanner.Describe(plan);
                observer.Verbose($"{output.Path}: {description}");
                if (observer.MayWrite(output.Path, description))
                    outputs.Add(output);
                else if (settings.EmitsPlans)
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
        foreach (OutputFile output in writer.Write(input.File, outputs, settings.Overwrite, ReportWriting))
            yield return ResultOf(output, isWritten: true);

        ResizeResult ResultOf(OutputFile output, bool isWritten) =>
            output.ToResult(input.File, checkpoint?.Version.Paths ?? [], input.Watch.Elapsed, isWritten);

        void ReportWriting(int done, int total) => observer.Progress(input.File.Path, "Writing layer", done, total);
    }

    /// <summary>A file that is being worked on.</summary>
    /// <remarks>Its contents are not looked at before they are asked for: a job that runs again has thousands of files of which nothing is to be done.</remarks>
    private sealed record Input(SafetensorsFile File, BackgroundHash Hash, ExistingOutputs Existing, Lazy<AdapterContents> LazyContents) : IDisposable
    {
        public Stopwatch Watch { get; } = Stopwatch.StartNew();

        public AdapterContents Contents => LazyContents.Value;

        public void Dispose()
        {
            Hash.Dispose();
            File.Dispose();
        }
    }
}
