using ResizeLora.Adapters;
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

    /// <summary>The relative error, with every layer's alike.</summary>
    public double RelativeError => FileError.Relative(Layers, ErrorOf, _ => 1) ?? 0;

    /// <summary>‖ΔW − ΔW′‖ of a layer, with ΔW′ as loaders read it and rescaling aside. Before the file is written, rounding is what is to be expected.</summary>
    public double ErrorOf(int index) => FileError.Of(Layers[index], Plan.Kept.Indices[index], RoundingErrors is null ? ExpectedRounding(index) : RoundingErrors[index] / Plan.Record.Recipe.Rescale);

    /// <summary>Whether rounding is so much of the error that what is expected of it is not exact enough to keep to a limit.</summary>
    public bool RoundingCounts(double limit) => FileError.Relative(Layers, ExpectedRounding, _ => 1) is { } rounding && rounding * rounding > limit * limit / 1000;

    /// <summary>How many times more than expected rounding adds to a layer.</summary>
    public double RoundingFactor(int index) => ExpectedRounding(index) is > 0 and var expected ? RoundingErrors![index] / Plan.Record.Recipe.Rescale / expected : 1;

    /// <summary>The norm of what rounding is expected to add to a layer.</summary>
    public double ExpectedRounding(int index) => FileError.ExpectedRounding(Layers[index], Plan.Kept.Indices[index], Plan.DTypeOf(Layers[index].Source.Layer).Format());

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
            RelativeError = RelativeError,
            BaseWeightedError = FileError.Relative(Layers, ErrorOf, layer => layer.BaseFrobeniusNorm is { } norm and > 0 ? 1 / norm : 0),
            Duration = duration,
            IsWritten = isWritten,
        };
    }
}
