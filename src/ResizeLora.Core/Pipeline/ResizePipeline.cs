using System.Globalization;
using ResizeLora.Concurrency;
using ResizeLora.Decomposition;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
using ResizeLora.Scoring;
using ResizeLora.Selection;
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
    /// <summary>Decomposes the layers of a file, as they get ready.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used.</exception>
    public IEnumerable<DecomposedLayer> Decompose(string path, bool withSubspace)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        AdapterContents contents = ReadContents(file);
        foreach (DecomposedLayer layer in Decompose(file, contents.Layers, withSubspace))
            yield return layer;
    }

    /// <summary>Resizes a file by each recipe.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used at all.</exception>
    public IReadOnlyList<ResizeResult> Resize(string path, IReadOnlyList<ResizeRecipe> recipes)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        AdapterContents contents = ReadContents(file);
        bool withSubspace = recipes.Any(recipe => recipe.NeedsSubspace);
        List<DecomposedLayer> layers = [.. Decompose(file, contents.Layers, withSubspace)];
        return Resize(file, contents, recipes.Select(recipe => (recipe, (IReadOnlyList<DecomposedLayer>)layers)));
    }

    /// <summary>Resizes layers of one file that were decomposed earlier; each recipe with the layers that it is attached to.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used at all, or is no longer the one that was decomposed.</exception>
    public IReadOnlyList<ResizeResult> Resize(
        string path,
        IReadOnlyList<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> work)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        AdapterContents contents = ReadContents(file);
        List<DecomposedLayer> distinct = [.. work.SelectMany(item => item.Layers).DistinctBy(layer => layer.Name)];
        bool withSubspace = work.Any(item => item.Recipe.NeedsSubspace);
        Dictionary<string, DecomposedLayer> completed = OrderedParallel
            .Select(distinct, settings.Workers, cancellation, layer => Complete(file, layer, withSubspace))
            .ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        checkpoint?.SaveNorms();
        return Resize(file, contents, work.Select(item => (
            item.Recipe,
            (IReadOnlyList<DecomposedLayer>)[.. item.Layers.Select(layer => completed[layer.Name])])));
    }

    private AdapterContents ReadContents(SafetensorsFile file)
    {
        AdapterContents contents = AdapterContents.Read(file.Header, file.Path);
        string? reason = contents.Unsupported.Count == 0
            ? null
            : $"{contents.Unsupported.Count} layer(s) of another kind, such as '{contents.Unsupported[0].Name}': {contents.Unsupported[0].Reason}";
        if (contents.Layers.Count == 0)
            throw LayerFault.NoLayers(file.Path, reason);
        if (reason is not null)
            observer.Warning($"'{file.Path}' has {reason}. They are kept unchanged.");

        return contents;
    }

    private IEnumerable<DecomposedLayer> Decompose(SafetensorsFile file, IReadOnlyList<AdapterLayer> layers, bool withSubspace)
    {
        // Names and shapes are compared before any work: the wrong checkpoint shows at once.
        List<(AdapterLayer Layer, BaseLayer? BaseLayer)> pairs =
            [.. layers.Select(layer => (layer, checkpoint?.Index.Pair(layer, file.Path)))];
        if (checkpoint is not null && pairs.TrueForAll(pair => pair.BaseLayer is null))
            throw LayerFault.NothingPairs(file.Path, checkpoint.Path);

        int done = 0;
        foreach (DecomposedLayer layer in OrderedParallel.Select(pairs, settings.Workers, cancellation, Work))
        {
            observer.Progress(file.Path, "Decomposing", ++done, pairs.Count);
            if (done % 64 == 0)
                checkpoint?.SaveNorms();
            yield return layer;
        }

        checkpoint?.SaveNorms();

        DecomposedLayer Work((AdapterLayer Layer, BaseLayer? BaseLayer) pair)
        {
            LayerContent content = LayerReader.Read(file, pair.Layer);
            double[] singularValues = Guarded(file.Path, pair.Layer.Name, () => engine.SingularValues(content.Factors));
            var source = new LayerSource(pair.Layer, content.Digest, pair.BaseLayer, checkpoint?.Path);
            var layer = new DecomposedLayer(source, file.Path, AdapterNames.ComponentOf(pair.Layer.Name), content.Alpha, singularValues);
            return WithReferences(file, layer, withSubspace, content);
        }
    }

    /// <summary>Adds what a recipe needs and the layer, decomposed earlier, does not have yet.</summary>
    private DecomposedLayer Complete(SafetensorsFile file, DecomposedLayer layer, bool withSubspace)
    {
        if (checkpoint is null)
            return layer;

        if (!string.Equals(layer.Source.CheckpointPath, checkpoint.Path, StringComparison.Ordinal))
        {
            BaseLayer? baseLayer = checkpoint.Index.Pair(layer.Source.Layer, file.Path);
            layer = layer with
            {
                Source = layer.Source with { BaseLayer = baseLayer, CheckpointPath = checkpoint.Path },
                BaseSpectralNorm = null,
                BaseFrobeniusNorm = null,
                SubspaceNorms = null,
            };
        }

        return WithReferences(file, layer, withSubspace, content: null);
    }

    private DecomposedLayer WithReferences(SafetensorsFile file, DecomposedLayer layer, bool withSubspace, LayerContent? content)
    {
        if (checkpoint is null || layer.Source.BaseLayer is not { } baseLayer)
            return layer;

        if (layer.BaseSpectralNorm is null)
        {
            MatrixNorms norms = GuardedBase(() => checkpoint.Norms(baseLayer, engine, cancellation));
            layer = layer with { BaseSpectralNorm = norms.Spectral, BaseFrobeniusNorm = norms.Frobenius };
        }

        if (withSubspace && layer.SubspaceNorms is null)
        {
            LayerFactors factors = (content ?? LayerReader.Read(file, layer.Source.Layer)).Factors;
            layer = layer with { SubspaceNorms = GuardedBase(() => engine.SubspaceNorms(factors, checkpoint.Read(baseLayer))) };
        }

        return layer;
    }

    private List<ResizeResult> Resize(
        SafetensorsFile file,
        AdapterContents contents,
        IEnumerable<(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer> Layers)> work)
    {
        string sha256 = CheckpointIdentity.HashAll(file, cancellation);
        var outputs = new List<OutputFile>();
        foreach ((ResizeRecipe recipe, IReadOnlyList<DecomposedLayer> layers) in work)
        {
            try
            {
                if (Plan(file, contents, recipe, layers, sha256) is { } output)
                    outputs.Add(output);
            }
            catch (ResizeLoraException exception)
            {
                // One recipe that can't be met does not end the work on the others.
                observer.Error(exception);
            }
        }

        if (outputs.Count == 0)
            return [];

        new LoraWriter(engine, settings.Workers, cancellation).Write(
            file,
            outputs,
            settings.Overwrite,
            (done, total) => observer.Progress(file.Path, "Writing", done, total));
        return [.. outputs.Select(output => Result(file, output))];
    }

    /// <summary>Scores, selects and plans one output; null if the user does not want it written.</summary>
    private OutputFile? Plan(
        SafetensorsFile file,
        AdapterContents contents,
        ResizeRecipe recipe,
        IReadOnlyList<DecomposedLayer> layers,
        string sha256)
    {
        ILookup<bool, DecomposedLayer> byScored = layers.ToLookup(layer => !recipe.NeedsCheckpoint || layer.Source.BaseLayer is not null);
        List<DecomposedLayer> scored = [.. byScored[true]];
        List<TensorInfo> verbatim = [.. contents.Others, .. contents.Unsupported.SelectMany(layer => layer.Tensors), .. Unmatched(file, [.. byScored[false]])];

        List<double[]> scores = [.. scored.Select(layer => Scorer.Score(layer, recipe))];
        long? budget = recipe.SizeMiB is { } size ? (long)Math.Floor(size * (1 << 20)) : null;
        KeptValues kept = Selector.Select(scores, recipe.Threshold, budget, candidate => PlanOf(candidate).FileLength)
            ?? throw WritingFault.BudgetTooSmall(file.Path, recipe, PlanOf(new([.. scored.Select(_ => Array.Empty<int>())], 0)).FileLength);
        if (kept.Count == 0)
            throw WritingFault.NothingKept(file.Path, recipe);

        string name = OutputName.For(Path.GetFileNameWithoutExtension(file.Path), recipe, kept.Threshold);
        string target = guard.Target(file.Path, name);
        guard.Claim(target, file.Path, recipe);
        OutputPlan plan = PlanOf(kept);
        Report(scored, kept, target);
        string description = string.Create(
            CultureInfo.InvariantCulture,
            $"rank {scored.Sum(layer => layer.Rank)} -> {kept.Count}, {file.Length / 1048576.0:0.##} MiB -> {plan.FileLength / 1048576.0:0.##} MiB");
        return observer.MayWrite(target, description) ? new OutputFile(plan, scored, target) : null;

        OutputPlan PlanOf(KeptValues candidate) => new(
            file.Header,
            scored,
            verbatim,
            candidate,
            new ResizeParameters(recipe, candidate.Threshold, settings.Precision, Path.GetFileName(file.Path), sha256));
    }

    /// <summary>The tensors of layers without a partner in the checkpoint, as far as they are kept.</summary>
    private List<TensorInfo> Unmatched(SafetensorsFile file, List<DecomposedLayer> layers)
    {
        if (layers.Count == 0)
            return [];

        if (settings.UnmatchedLayer == UnmatchedLayer.Error)
            throw LayerFault.Unmatched(file.Path, layers[0].Source.CheckpointPath ?? "(none)", [.. layers.Select(layer => layer.Name)]);

        bool keep = settings.UnmatchedLayer == UnmatchedLayer.Keep;
        observer.Warning($"{layers.Count} layer(s) of '{file.Path}' have no partner in the checkpoint and are {(keep ? "kept unchanged" : "left out")}: {string.Join(", ", layers.Take(5))}{(layers.Count > 5 ? ", …" : string.Empty)}");
        return keep ? [.. layers.SelectMany(layer => TensorsOf(layer.Source.Layer))] : [];
    }

    private static IEnumerable<TensorInfo> TensorsOf(AdapterLayer layer) =>
        layer.Alpha is { } alpha ? [layer.Up, layer.Down, alpha] : [layer.Up, layer.Down];

    private void Report(List<DecomposedLayer> layers, KeptValues kept, string target)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            double error = Norm(layers[i], Dropped(layers[i], kept.Indices[i]));
            string toBase = layers[i].BaseFrobeniusNorm is { } baseNorm and > 0
                ? string.Create(CultureInfo.InvariantCulture, $", {error / baseNorm:0.###e+0} of the base")
                : string.Empty;
            observer.Verbose(string.Create(
                CultureInfo.InvariantCulture,
                $"{layers[i].Name}: rank {layers[i].Rank} -> {kept.Indices[i].Count}, error {(layers[i].FrobeniusNorm > 0 ? error / layers[i].FrobeniusNorm : 0):0.####} of the layer{toBase}"));
        }

        observer.Verbose($"Writing '{target}'");
    }

    private static ResizeResult Result(SafetensorsFile file, OutputFile output)
    {
        IReadOnlyList<DecomposedLayer> layers = output.Layers;
        KeptValues kept = output.Plan.Kept;
        double dropped = Math.Sqrt(layers.Select((layer, i) => Math.Pow(Norm(layer, Dropped(layer, kept.Indices[i])), 2)).Sum());
        double whole = Math.Sqrt(layers.Sum(layer => layer.FrobeniusNorm * layer.FrobeniusNorm));
        return new ResizeResult
        {
            Path = output.Path,
            SourcePath = file.Path,
            Recipe = output.Plan.Parameters.Recipe,
            Threshold = kept.Threshold,
            SourceLayerCount = layers.Count,
            LayerCount = kept.Indices.Count(indices => indices.Count > 0),
            SourceRank = layers.Sum(layer => layer.Rank),
            Rank = kept.Count,
            SourceSize = file.Length,
            Size = output.Plan.FileLength,
            RelativeError = whole > 0 ? dropped / whole : 0,
        };
    }

    private static IEnumerable<int> Dropped(DecomposedLayer layer, IReadOnlyList<int> kept) =>
        Enumerable.Range(0, layer.SingularValues.Count).Except(kept);

    private static double Norm(DecomposedLayer layer, IEnumerable<int> indices) =>
        Math.Sqrt(indices.Sum(index => layer.SingularValues[index] * layer.SingularValues[index]));

    private static T Guarded<T>(string path, string layer, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NonFiniteException exception)
        {
            throw LayerFault.NonFinite(path, layer, exception.TensorName, exception);
        }
    }

    private T GuardedBase<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NonFiniteException exception)
        {
            throw LayerFault.NonFiniteBase(checkpoint!.Path, exception.TensorName, exception);
        }
    }
}
