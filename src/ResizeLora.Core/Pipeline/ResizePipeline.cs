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
    public IEnumerable<DecomposedLayer> Decompose(string path, Func<string, bool> isWanted)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        AdapterContents contents = ReadContents(file);
        ReportUnsupported(file, contents);
        IReadOnlyList<AdapterLayer> layers = [.. contents.Layers.Where(layer => isWanted(layer.Name))];
        foreach (DecomposedLayer layer in _decomposer.Decompose(file, layers, withSubspace: false, forWriting: false))
            yield return layer;
    }

    /// <summary>Resizes a file by each recipe; a result comes when its file is there.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used at all.</exception>
    public IEnumerable<ResizeResult> Resize(string path, IReadOnlyList<ResizeRecipe> recipes)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using var hash = new BackgroundHash(file, settings.CacheFolder, cancellation);

        // Not before it is asked for: a job that runs again has thousands of files of which nothing is to be done.
        var lazyContents = new Lazy<AdapterContents>(() => ReadContents(file));
        recipes = [.. recipes.Where(recipe => !IsDone(file, hash, lazyContents, recipe, LayerChoice.All) && IsFree(path, recipe))];
        if (recipes.Count == 0)
            yield break;

        AdapterContents contents = lazyContents.Value;
        ReportUnsupported(file, contents);
        bool withSubspace = recipes.Any(recipe => recipe.NeedsSubspace);
        List<DecomposedLayer> layers = [];
        try
        {
            layers.AddRange(_decomposer.Decompose(file, contents.Layers, withSubspace, forWriting: true));
            foreach (ResizeResult result in Resize(file, hash, contents, recipes.Select(recipe => (recipe, (IReadOnlyList<DecomposedLayer>)layers))))
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
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using var hash = new BackgroundHash(file, settings.CacheFolder, cancellation);
        AdapterContents contents = ReadContents(file);
        HashSet<string> refused = [.. contents.Unsupported.Select(layer => layer.Name)];
        work = [.. work.Select(item => (item.Recipe, (IReadOnlyList<DecomposedLayer>)[.. item.Layers.Where(layer => !refused.Contains(layer.Name))]))];
        work = [.. work.Where(item => !IsDone(file, hash, new(contents), item.Recipe, ChoiceOf(item.Layers, contents)))];
        if (work.Count == 0)
            yield break;

        ReportUnsupported(file, contents);
        IEnumerable<DecomposedLayer> distinct = work.SelectMany(item => item.Layers).DistinctBy(layer => layer.Name);
        bool withSubspace = work.Any(item => item.Recipe.NeedsSubspace);
        Dictionary<string, DecomposedLayer> completed = _decomposer
            .Complete(file, distinct, withSubspace)
            .ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        IEnumerable<ResizeResult> results = Resize(file, hash, contents, work.Select(item => (
            item.Recipe,
            (IReadOnlyList<DecomposedLayer>)[.. item.Layers.Select(layer => completed[layer.Name])])));
        foreach (ResizeResult result in results)
            yield return result;
    }

    /// <summary>Whether an earlier run has made this output, and such are to be skipped.</summary>
    private bool IsDone(SafetensorsFile file, BackgroundHash hash, Lazy<AdapterContents> contents, ResizeRecipe recipe, string layers)
    {
        if (!settings.SkipExisting)
            return false;

        var wanted = new Lazy<RecordedParameters>(() => OutputMetadata.Record(ParametersOf(file, hash, contents, recipe, layers)));
        string? existing = ExistingOutputs.Find(
            guard.FolderOf(file.Path),
            Path.GetFileNameWithoutExtension(file.Path),
            recipe,
            settings.RankLimits,
            recorded => recorded.IsSameWork(wanted.Value));
        if (existing is not null)
            observer.Verbose($"'{existing}' was made from the same input by the same recipe; skipped.");
        return existing is not null;
    }

    /// <summary>How an output comes about; the threshold is found later. What the checkpoint has counts only for recipes that compare with it, and layers that need it.</summary>
    private ResizeParameters ParametersOf(SafetensorsFile file, BackgroundHash hash, Lazy<AdapterContents> contents, ResizeRecipe recipe, string layers) => new(
        recipe,
        double.NaN,
        settings.Precision,
        recipe.NeedsCheckpoint ? settings.UnmatchedLayer.ToString() : null,
        layers,
        Path.GetFileName(file.Path),
        hash.Wait(observer.Warning),
        checkpoint is not null && (recipe.NeedsCheckpoint || contents.Value.NeedsBase) ? checkpoint.Sha256 : null)
    {
        RankLimits = settings.RankLimits,
    };

    private static string ChoiceOf(IReadOnlyList<DecomposedLayer> layers, AdapterContents contents) =>
        LayerChoice.Of(layers.Select(layer => layer.Name), contents.Layers.Select(layer => layer.Name));

    /// <summary>Whether the output's name is free, as far as it is known before the work; so no work is done in vain.</summary>
    private bool IsFree(string path, ResizeRecipe recipe)
    {
        if (OutputName.InAdvance(Path.GetFileNameWithoutExtension(path), recipe, settings.RankLimits) is not { } name)
            return true;

        try
        {
            guard.Check(guard.Target(path, name), path, recipe);
            return true;
        }
        catch (ResizeLoraException exception)
        {
            observer.Error(exception);
            return false;
        }
    }

    private AdapterContents ReadContents(SafetensorsFile file) => AdapterContents
        .Read(file.Header, file.Path)
        .Refuse(layer => layer.Magnitude is null ? null : WhyDoraIsRefused(layer, file));

    /// <exception cref="ResizeLoraException">No layers are left.</exception>
    private void ReportUnsupported(SafetensorsFile file, AdapterContents contents)
    {
        string reasons = string.Join("; ", contents.Unsupported
            .GroupBy(layer => layer.Reason, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .Take(5)
            .Select(group => $"{group.Count()} x {group.Key}, such as '{DisplayText.Of(group.First().Name)}'"));
        if (contents.Layers.Count == 0)
            throw contents.Unsupported.Count == 0 && OtherModel.Describe(file.Header) is { } kind ? LayerFault.OtherModel(file.Path, kind) : LayerFault.NoLayers(file.Path, reasons.Length == 0 ? null : reasons);
        if (reasons.Length > 0)
            observer.Warning($"'{file.Path}' has {contents.Unsupported.Count} layer(s) that can't be resized and are kept unchanged: {reasons}.");
    }

    private string? WhyDoraIsRefused(AdapterLayer layer, SafetensorsFile file)
    {
        if (checkpoint is null)
            return "DoRA, whose magnitudes must be computed anew with the base weight: give -Checkpoint";

        return checkpoint.Index.Pair(layer, file.Path) is null ? "DoRA, whose base layer the checkpoint does not have" : null;
    }

    private IEnumerable<ResizeResult> Resize(
        SafetensorsFile file,
        BackgroundHash hash,
        AdapterContents contents,
        IEnumerable<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> work)
    {
        var outputs = new List<OutputFile>();
        foreach ((ResizeRecipe recipe, IReadOnlyList<DecomposedLayer> layers) in work)
        {
            try
            {
                if (_planner.Plan(file, contents, layers, ParametersOf(file, hash, new(contents), recipe, ChoiceOf(layers, contents))) is { } output)
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
        foreach (OutputFile output in writer.Write(file, outputs, settings.Overwrite, ReportWriting))
            yield return output.ToResult(file);

        void ReportWriting(int done, int total) => observer.Progress(file.Path, "Writing layer", done, total);
    }
}
