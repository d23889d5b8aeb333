using System.Globalization;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>Describes a planned output in lines of text, for the caller to report.</summary>
internal static class PlanSummary
{
    /// <summary>What an output saves and costs, in a line.</summary>
    public static string Describe(ResizeResult result) => string.Create(
        CultureInfo.CurrentCulture,
        $"rank {result.SourceRank} -> {result.Rank}, size {FileSize.Format(result.SourceSize)} -> {FileSize.Format(result.Size)}, error {result.RelativeError:0.0000}");

    /// <summary>What is kept of each layer, and what that loses; then where the scores lie, which helps to choose a threshold.</summary>
    public static IEnumerable<string> Details(OutputFile output)
    {
        KeptValues kept = output.Plan.Kept;
        for (int i = 0; i < output.Layers.Count; i++)
            yield return Of(output.Layers[i], output.ErrorOf(i), kept.Ranks[i]);

        double[] scores = [.. output.Scores.SelectMany(layer => layer).Where(double.IsFinite).Order()];
        if (scores.Length == 0)
            yield break;

        double[] fractions = [0, 0.25, 0.5, 0.75, 1];
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"Scores by '{output.Plan.Record.Recipe}', quantiles 0 25 50 75 100 %: {string.Join(' ', fractions.Select(fraction => scores[(int)(fraction * (scores.Length - 1))].ToString("0.###", CultureInfo.InvariantCulture)))}");
    }

    private static string Of(DecomposedLayer layer, double error, int rank)
    {
        string toBase = layer.BaseFrobeniusNorm is { } baseNorm and > 0
            ? string.Create(CultureInfo.InvariantCulture, $", {error / baseNorm:0.###e+0} of the base")
            : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{DisplayText.Of(layer.Name)}: rank {layer.Rank} -> {rank}, error {(layer.FrobeniusNorm > 0 ? error / layer.FrobeniusNorm : 0):0.####} of the layer{toBase}");
    }
}
