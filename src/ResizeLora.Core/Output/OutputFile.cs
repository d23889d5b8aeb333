using ResizeLora.Adapters;
using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>A planned output and where it is written.</summary>
internal sealed record OutputFile(OutputPlan Plan, string Path)
{
    /// <summary>The layers that get new ranks.</summary>
    public IReadOnlyList<DecomposedLayer> Layers => Plan.Layers;

    /// <summary>For each layer, the scores of its singular values.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Scores { get; init; }

    /// <summary>Whether it is a folder, as PEFT saves adapters.</summary>
    public bool IsFolder { get; init; }

    /// <summary>For each layer, the Frobenius norm of what rounding adds to ΔW in the file; null until it is written.</summary>
    public IReadOnlyList<double>? RoundingErrors { get; init; }

    /// <summary>Whether all singular values are kept.</summary>
    public bool KeepsAll => Layers.Select((layer, i) => layer.NormWithout(Plan.Kept.Indices[i])).All(dropped => dropped == 0);

    /// <summary>
    /// ‖ΔW − ΔW′‖ of a layer, with ΔW′ as loaders read it and rescaling aside: what is dropped and what rounding adds are orthogonal. Before the file is
    /// written, rounding is what is to be expected.
    /// </summary>
    public double ErrorOf(int index) => double.Hypot(Layers[index].NormWithout(Plan.Kept.Indices[index]), RoundingErrors is null ? ExpectedRounding(index) : RoundingErrors[index] / Plan.Record.Recipe.Rescale);

    private double ExpectedRounding(int index)
    {
        double[] kept = [.. Plan.Kept.Indices[index].Select(position => Layers[index].SingularValues[position])];
        return Math.Sqrt(RoundingError.Squared(Plan.DTypeOf(Layers[index].Source.Layer).Format(), kept.Length, kept.Sum(), kept.Sum(value => value * value)));
    }

    /// <summary>The norm of the layers' errors over that of the layers, each with a weight; null if all weights are 0.</summary>
    private double? ErrorBy(Func<DecomposedLayer, double> weight)
    {
        (double error, double whole, bool any) = (0, 0, false);
        for (int i = 0; i < Layers.Count; i++)
        {
            double factor = weight(Layers[i]);
            error = double.Hypot(error, factor * ErrorOf(i));
            whole = double.Hypot(whole, factor * Layers[i].FrobeniusNorm);
            any |= factor > 0;
        }

        return !any ? null : whole > 0 ? error / whole : 0;
    }

    /// <summary>The description of the output for users.</summary>
    /// <param name="source">The input.</param>
    /// <param name="checkpoint">The paths of the checkpoint; what does not depend on it has none.</param>
    /// <param name="duration">How long the work on the input has taken so far.</param>
    /// <param name="isWritten">Whether the file is there.</param>
    public ResizeResult ToResult(AdapterSource source, IReadOnlyList<string> checkpoint, TimeSpan duration, bool isWritten)
    {
        KeptValues kept = Plan.Kept;
        return new ResizeResult
        {
            Path = Path,
            SourcePath = source.Path,
            Recipe = Plan.Record.Recipe,
            Checkpoint = Plan.Record.CheckpointSha256 is null ? [] : checkpoint,
            Precision = Plan.Record.Precision,
            Threshold = kept.Threshold,
            SourceLayerCount = Layers.Count,
            LayerCount = kept.Ranks.Count(rank => rank > 0),
            SourceRank = Layers.Sum(layer => layer.Rank),
            Rank = kept.Rank,
            SourceSize = source.File.Length,
            Size = Plan.FileLength,
            RelativeError = ErrorBy(_ => 1) ?? 0,
            BaseWeightedError = ErrorBy(layer => layer.BaseFrobeniusNorm is { } norm and > 0 ? 1 / norm : 0),
            Duration = duration,
            IsWritten = isWritten,
        };
    }
}
