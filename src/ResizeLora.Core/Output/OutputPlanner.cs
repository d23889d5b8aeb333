using ResizeLora.Adapters;
using ResizeLora.Recipes;
using ResizeLora.Safetensors;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>
/// Plans an output: from scores to kept singular values, the size of the file, how it was made, and its name. Values go in and
/// a plan comes out; nothing is reported, asked or reserved.
/// </summary>
internal static class OutputPlanner
{
    /// <summary>Rounding may add a little more than is expected, and a limit of the error holds all the same.</summary>
    private const double Margin = 1.05;

    /// <summary>Plans one output.</summary>
    /// <param name="source">The input; only its header is used.</param>
    /// <param name="contents">Its contents.</param>
    /// <param name="roles">What happens to its layers.</param>
    /// <param name="record">How the output is made, but for the threshold, which may have to be found.</param>
    /// <param name="path">Where outputs go.</param>
    /// <param name="rounding">How much more than expected rounding adds to each layer; null where that is not known.</param>
    /// <param name="below">Where the file has to be smaller than so many bytes, whatever its error; else null.</param>
    /// <exception cref="ResizeLoraException">The recipe can't be met, or keeps nothing.</exception>
    public static OutputFile Plan(AdapterSource source, AdapterContents contents, LayerRoles roles, OutputRecord record, OutputPath path, IReadOnlyList<double>? rounding = null, long? below = null)
    {
        IReadOnlyList<TensorInfo> verbatim = source.Configuration is null ? roles.Verbatim : PeftPlan.Kept(source, contents, roles.Verbatim);
        var peft = new PeftPlan(source, contents, verbatim);
        List<LayerSpectrum> spectra = [.. roles.Resized.Select(layer => Scored(layer, record))];
        var ranks = new RankRule(record.RankLimits, FusedLayers.Groups([.. roles.Resized.Select(layer => layer.Source.Layer)]));
        var costs = new OutputCosts(roles.Resized, PlanOf, layer => rounding?[layer] ?? Margin);
        var selector = new Selector(record.Recipe, spectra, ranks, costs);
        KeptValues kept = (below is { } bytes ? selector.SelectBelow(bytes) : selector.Select())
            ?? throw OutputErrors.BudgetTooSmall(source.Path, record.Recipe, record.RankLimits, PlanOf(selector.Least).FileLength, PlanOf(selector.First).FileLength, roles.Unmatched.Count > 0);
        if (kept.Rank == 0)
            throw OutputErrors.NothingKept(source.Path, record.Recipe, selector.BestScore, PlanOf(selector.First).FileLength);

        OutputPlan plan = PlanOf(kept);
        if (record.Recipe.ErrorLimit is { } limit && costs.RelativeError(kept) is var error && error > limit && below is null && !IsLimitedElsewhere(record))
            throw OutputErrors.ErrorTooSmall(source.Path, record, error);

        return new OutputFile(plan, path.For(source.Location, plan.Record))
        {
            IsFolder = source.Location.IsFolder,
            Scores = [.. spectra.Select(layer => layer.Scores)],
        };

        OutputPlan PlanOf(KeptValues candidate) => new(
            source.Header,
            peft,
            roles.Resized,
            verbatim,
            candidate,
            record with { Threshold = candidate.Threshold });
    }

    /// <summary>Whether something else than the error limits what is kept: then it is no wonder that the error is larger.</summary>
    private static bool IsLimitedElsewhere(OutputRecord record) => record.Recipe.Rules.Count > 1 || !record.RankLimits.IsNone;

    /// <summary>
    /// A layer with its scores. Of a layer that must stay, the first singular value is always kept. A layer that can't be scored is kept as far as ranks allow.
    /// </summary>
    private static LayerSpectrum Scored(DecomposedLayer layer, OutputRecord record)
    {
        LayerSpectrum spectrum = layer.Spectrum(record.Recipe.Rescale);
        if (!LayerRoles.HasScores(layer, record))
            return spectrum with { Scores = [.. layer.SingularValues.Select(value => value > 0 ? double.PositiveInfinity : double.NegativeInfinity)] };

        double[] scores = record.Recipe.Score.Of(spectrum);
        if (layer.Source.Layer.MustStay && layer.SpectralNorm > 0)
            scores[0] = double.PositiveInfinity;
        return spectrum with { Scores = scores };
    }
}
