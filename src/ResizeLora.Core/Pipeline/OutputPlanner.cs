using System.Globalization;
using ResizeLora.Decomposition;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Peft;
using ResizeLora.Safetensors;
using ResizeLora.Scoring;
using ResizeLora.Selection;
using ResizeLora.Writing;

namespace ResizeLora.Pipeline;

/// <summary>Decides by a recipe what an output holds: scores, selects, and plans the file.</summary>
internal sealed class OutputPlanner(PipelineSettings settings, BaseCheckpoint? checkpoint, OutputGuard guard, IPipelineObserver observer)
{
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);

    /// <summary>Scores, selects and plans one output.</summary>
    public OutputFile Plan(
        AdapterSource source,
        AdapterContents contents,
        IReadOnlyList<DecomposedLayer> layers,
        OutputRecord record)
    {
        ResizeRecipe recipe = record.Recipe;
        RankLimits limits = record.RankLimits;

        // There is nothing to keep of ΔW = 0; but DoRA scales the weight even then.
        List<DecomposedLayer> scaling = [.. layers.Where(layer => layer.Source.Layer.Magnitude is not null && layer.SpectralNorm == 0)];
        layers = [.. layers.Except(scaling)];
        List<DecomposedLayer> unmatched = [.. layers.Where(layer => !HasScores(layer, recipe))];
        List<TensorInfo> verbatim = [.. contents.Others, .. contents.Unsupported.SelectMany(layer => layer.Tensors), .. scaling.SelectMany(layer => layer.Source.Layer.Tensors.All), .. Unmatched(source, unmatched, limits)];
        List<DecomposedLayer> resized = [.. layers.Where(layer => HasScores(layer, recipe) || IsKeptWithin(limits))];

        if (source.Configuration is not null)
            verbatim = PeftPlan.Kept(source, contents, verbatim);
        var peft = new PeftPlan(source, contents, verbatim);

        List<double[]> scores = [.. resized.Select(layer => Score(layer, recipe))];
        var selector = new Selector(scores, new RankRule(limits, FusedLayers.Groups([.. resized.Select(layer => layer.Source.Layer)])));
        KeptValues kept = selector.Select(recipe.Threshold, recipe.Size?.Bytes, candidate => PlanOf(candidate).FileLength)
            ?? throw WritingFault.BudgetTooSmall(source.Path, recipe, limits, PlanOf(selector.Least).FileLength, PlanOf(selector.First).FileLength, unmatched.Count > 0);
        if (kept.Rank == 0)
            throw WritingFault.NothingKept(source.Path, recipe, selector.BestScore, PlanOf(selector.First).FileLength);

        OutputPlan plan = PlanOf(kept);
        string target = guard.Target(source.Location, plan.Record);
        guard.Claim(target, source.Location, plan.Record);
        ReportLayers(resized, kept);
        ReportScores(recipe, scores);
        return new OutputFile(plan, resized, target) { IsFolder = source.Location.IsFolder };

        OutputPlan PlanOf(KeptValues candidate) => new(
            source.Header,
            peft,
            resized,
            verbatim,
            candidate,
            record with { Threshold = candidate.Threshold });
    }

    private static bool HasScores(DecomposedLayer layer, ResizeRecipe recipe) => !recipe.NeedsCheckpoint || layer.Source.BaseLayer is not null;

    /// <summary>Whether layers without a partner in the checkpoint are kept, and must obey what loaders ask of ranks.</summary>
    private bool IsKeptWithin(RankLimits limits) => settings.UnmatchedLayer == UnmatchedLayer.Keep && !limits.IsNone;

    /// <summary>
    /// The scores of a layer. Of a layer that must stay, the first singular value is always kept. A layer that can't be scored is kept as far as ranks allow.
    /// </summary>
    private static double[] Score(DecomposedLayer layer, ResizeRecipe recipe)
    {
        if (!HasScores(layer, recipe))
            return [.. layer.SingularValues.Select(value => value > 0 ? double.PositiveInfinity : double.NegativeInfinity)];

        double[] scores = Scorer.Score(layer, recipe);
        if (layer.Source.Layer.MustStay && layer.SpectralNorm > 0)
            scores[0] = double.PositiveInfinity;
        return scores;
    }

    /// <summary>The tensors of layers without a partner in the checkpoint, as far as they are kept unchanged.</summary>
    private List<TensorInfo> Unmatched(AdapterSource source, List<DecomposedLayer> layers, RankLimits limits)
    {
        if (layers.Count == 0)
            return [];

        if (settings.UnmatchedLayer == UnmatchedLayer.Error)
            throw LayerFault.Unmatched(source.Path, checkpoint?.Path ?? "(none)", layers.Count, Unpaired(layers));

        bool keep = settings.UnmatchedLayer == UnmatchedLayer.Keep && !IsKeptWithin(limits);
        string fate = keep ? "kept unchanged" : IsKeptWithin(limits) ? $"kept as far as {limits} allows" : "left out";
        if (_warned.Add(source.Path))
            observer.Warning($"The checkpoint has no partner for {Quantity.Of(layers.Count, "layer")} of '{source.Path}' ({fate}): {Unpaired(layers)}");
        return keep ? [.. layers.SelectMany(layer => layer.Source.Layer.Tensors.All)] : [];
    }

    private string Unpaired(List<DecomposedLayer> layers) =>
        PairingSummary.UnpairedByComponent(checkpoint?.Index, [.. layers.Select(layer => (layer.Component, layer.Name, layer.Source.Pair.Problem))]);

    /// <summary>What an output saves and costs, in a line.</summary>
    public static string Describe(ResizeResult result) => string.Create(
        CultureInfo.CurrentCulture,
        $"rank {result.SourceRank} -> {result.Rank}, size {FileSize.Format(result.SourceSize)} -> {FileSize.Format(result.Size)}, error {result.RelativeError:0.0000}");

    private void ReportLayers(List<DecomposedLayer> layers, KeptValues kept)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            double error = layers[i].NormWithout(kept.Indices[i]);
            string toBase = layers[i].BaseFrobeniusNorm is { } baseNorm and > 0
                ? string.Create(CultureInfo.InvariantCulture, $", {error / baseNorm:0.###e+0} of the base")
                : string.Empty;
            observer.Verbose(string.Create(
                CultureInfo.InvariantCulture,
                $"{DisplayText.Of(layers[i].Name)}: rank {layers[i].Rank} -> {kept.Ranks[i]}, error {(layers[i].FrobeniusNorm > 0 ? error / layers[i].FrobeniusNorm : 0):0.####} of the layer{toBase}"));
        }
    }

    /// <summary>Where the scores lie: helps to choose a threshold.</summary>
    private void ReportScores(ResizeRecipe recipe, List<double[]> scores)
    {
        double[] sorted = [.. scores.SelectMany(layer => layer).Where(double.IsFinite)];
        if (sorted.Length == 0)
            return;

        Array.Sort(sorted);

        double[] fractions = [0, 0.25, 0.5, 0.75, 1];
        observer.Verbose(string.Create(
            CultureInfo.InvariantCulture,
            $"Scores by '{recipe}', quantiles 0 25 50 75 100 %: {string.Join(' ', fractions.Select(fraction => sorted[(int)(fraction * (sorted.Length - 1))].ToString("0.###", CultureInfo.InvariantCulture)))}"));
    }
}
