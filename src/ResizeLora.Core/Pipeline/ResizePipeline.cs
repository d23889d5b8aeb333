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

    /// <summary>Decomposes the wanted layers of a file, as they get ready.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used.</exception>
    public IEnumerable<DecomposedLayer> Decompose(string path, Func<string, bool> isWanted)
    {
        using var source = AdapterSource.Open(path);
        AdapterContents contents = ReadContents(source);
        ReportUnsupported(source, contents);
        IReadOnlyList<AdapterLayer> layers = [.. contents.Layers.Where(layer => isWanted(layer.Name))];
        foreach (DecomposedLayer layer in _decomposer.Decompose(source, layers, contents.Pairs, withSubspace: false, forWriting: false))
            yield return layer;
    }

    /// <summary>Resizes a file by each recipe; a result comes when its file is there.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used at all.</exception>
    public IEnumerable<ResizeResult> Resize(string path, IReadOnlyList<ResizeRecipe> recipes)
    {
        using var source = AdapterSource.Open(path);
        using var hash = new BackgroundHash(source.File, settings.CacheFolder, cancellation);

        // Not before it is asked for: a job that runs again has thousands of files of which nothing is to be done.
        var lazyContents = new Lazy<AdapterContents>(() => ReadContents(source));
        recipes = [.. recipes.Where(recipe => !IsDone(source, hash, lazyContents, recipe, LayerChoice.All) && IsFree(source.Location, recipe))];
        if (recipes.Count == 0)
            yield break;

        AdapterContents contents = lazyContents.Value;
        ReportUnsupported(source, contents);
        bool withSubspace = recipes.Any(recipe => recipe.NeedsSubspace);
        List<DecomposedLayer> layers = [];
        try
        {
            layers.AddRange(_decomposer.Decompose(source, contents.Layers, contents.Pairs, withSubspace, forWriting: true));
            foreach (ResizeResult result in Resize(source, hash, contents, recipes.Select(recipe => (recipe, (IReadOnlyList<DecomposedLayer>)layers))))
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
        using var source = AdapterSource.Open(path);
        using var hash = new BackgroundHash(source.File, settings.CacheFolder, cancellation);
        AdapterContents contents = ReadContents(source);
        EnsureSameScales(source, contents, work.SelectMany(item => item.Layers));
        HashSet<string> refused = [.. contents.Unsupported.Select(layer => layer.Name)];
        work = [.. work.Select(item => (item.Recipe, (IReadOnlyList<DecomposedLayer>)[.. item.Layers.Where(layer => !refused.Contains(layer.Name))]))];
        work = [.. work.Where(item => !IsDone(source, hash, new(contents), item.Recipe, ChoiceOf(item.Layers, contents)))];
        if (work.Count == 0)
            yield break;

        ReportUnsupported(source, contents);
        IEnumerable<DecomposedLayer> distinct = work.SelectMany(item => item.Layers).DistinctBy(layer => layer.Name);
        bool withSubspace = work.Any(item => item.Recipe.NeedsSubspace);
        Dictionary<string, DecomposedLayer> completed = _decomposer
            .Complete(source, distinct, contents.Pairs, withSubspace)
            .ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        IEnumerable<ResizeResult> results = Resize(source, hash, contents, work.Select(item => (
            item.Recipe,
            (IReadOnlyList<DecomposedLayer>)[.. item.Layers.Select(layer => completed[layer.Name])])));
        foreach (ResizeResult result in results)
            yield return result;
    }

    /// <summary>What PEFT's configuration says is no part of a layer's tensors.</summary>
    /// <exception cref="ResizeLoraException">It says something else by now.</exception>
    private static void EnsureSameScales(AdapterSource source, AdapterContents contents, IEnumerable<DecomposedLayer> layers)
    {
        Dictionary<string, ConfiguredAlpha?> scales = contents.Layers.ToDictionary(layer => layer.Name, layer => layer.Configured, StringComparer.Ordinal);
        if (layers.FirstOrDefault(layer => scales.TryGetValue(layer.Name, out ConfiguredAlpha? now) && now != layer.Source.Layer.Configured) is { } changed)
            throw LayerFault.Changed(source.Path, changed.Name);
    }

    /// <summary>Whether an earlier run has made this output, and such are to be skipped.</summary>
    private bool IsDone(AdapterSource source, BackgroundHash hash, Lazy<AdapterContents> contents, ResizeRecipe recipe, string layers)
    {
        if (!settings.SkipExisting)
            return false;

        var wanted = new Lazy<RecordedParameters>(() => OutputMetadata.Record(ParametersOf(source, hash, contents, recipe, layers)));
        string? existing = ExistingOutputs.Find(
            guard.FolderOf(source.Path),
            source.Location,
            recipe,
            settings.RankLimits,
            recorded => recorded.IsSameWork(wanted.Value));
        if (existing is not null)
            observer.Verbose($"'{existing}' was made from the same input by the same recipe; skipped.");
        return existing is not null;
    }

    /// <summary>How an output comes about; the threshold is found later. What the checkpoint has counts only for recipes that compare with it, and layers that need it.</summary>
    private ResizeParameters ParametersOf(AdapterSource source, BackgroundHash hash, Lazy<AdapterContents> contents, ResizeRecipe recipe, string layers) => new(
        recipe,
        double.NaN,
        settings.Precision,
        recipe.NeedsCheckpoint ? settings.UnmatchedLayer.ToString() : null,
        layers,
        Path.GetFileName(source.Path),
        hash.Wait(observer.Warning),
        checkpoint is not null && (recipe.NeedsCheckpoint || contents.Value.NeedsBase) ? checkpoint.Sha256 : null)
    {
        ConfigurationSha256 = source.ConfigurationSha256,
        RankLimits = settings.RankLimits,
    };

    private static string ChoiceOf(IReadOnlyList<DecomposedLayer> layers, AdapterContents contents) =>
        LayerChoice.Of(layers.Select(layer => layer.Name), contents.Layers.Select(layer => layer.Name));

    /// <summary>Whether the output's name is free, as far as it is known before the work; so no work is done in vain.</summary>
    private bool IsFree(AdapterLocation location, ResizeRecipe recipe)
    {
        if (OutputName.InAdvance(location.Name, recipe, settings.RankLimits) is not { } name)
            return true;

        try
        {
            guard.Check(guard.Target(location.Path, location.OutputName(name)), location.Path, recipe);
            return true;
        }
        catch (ResizeLoraException exception)
        {
            observer.Error(exception);
            return false;
        }
    }

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
            .Select(group => $"{group.Count()} x {group.Key}, such as '{DisplayText.Of(group.First().Name)}'"));
        string unknownPairs = PairingFault.UnknownPairs(contents.Others);
        if (contents.Layers.Count == 0)
            throw contents.Unsupported.Count == 0 && OtherModel.Describe(source.Header) is { } kind
                ? LayerFault.OtherModel(source.Path, kind)
                : LayerFault.NoLayers(source.Path, string.Join("; ", new[] { reasons, unknownPairs }.Where(text => text.Length > 0)));
        if (source.Location.LostConfiguration is { } lost && contents.Layers.Any(layer => layer.Alpha is null && layer.Configured is null))
            observer.Warning(lost);
        if (reasons.Length > 0)
            observer.Warning($"'{source.Path}' has {contents.Unsupported.Count} layer(s) that can't be resized and are kept unchanged: {reasons}.");
        if (unknownPairs.Length > 0)
            observer.Warning($"'{source.Path}': {unknownPairs}. They are copied as they are.");
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

    private IEnumerable<ResizeResult> Resize(
        AdapterSource source,
        BackgroundHash hash,
        AdapterContents contents,
        IEnumerable<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> work)
    {
        var outputs = new List<OutputFile>();
        foreach ((ResizeRecipe recipe, IReadOnlyList<DecomposedLayer> layers) in work)
        {
            try
            {
                if (_planner.Plan(source, contents, layers, ParametersOf(source, hash, new(contents), recipe, ChoiceOf(layers, contents))) is { } output)
                    outputs.Add(output);
            }
            catch (ResizeLoraException exception)
            {
                // One recipe that can't be met does not end the work on the others.
                observer.Error(exception);
            }
        }

        if (outputs.Count == 0)
            yield break;

        var writer = new LoraWriter(engine, checkpoint, settings.Workers, cancellation);
        foreach (OutputFile output in writer.Write(source, outputs, settings.Overwrite, ReportWriting))
            yield return output.ToResult(source);

        void ReportWriting(int done, int total) => observer.Progress(source.Path, "Writing layer", done, total);
    }
}
