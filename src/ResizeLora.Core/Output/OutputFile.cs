using ResizeLora.Adapters;
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

    /// <summary>The description of the output for users.</summary>
    /// <param name="source">The input.</param>
    /// <param name="checkpoint">The paths of the checkpoint; what does not depend on it has none.</param>
    /// <param name="duration">How long the work on the input has taken so far.</param>
    /// <param name="isWritten">Whether the file is there.</param>
    public ResizeResult ToResult(AdapterSource source, IReadOnlyList<string> checkpoint, TimeSpan duration, bool isWritten)
    {
        KeptValues kept = Plan.Kept;
        double dropped = Math.Sqrt(Layers.Select((layer, i) => Math.Pow(layer.NormWithout(kept.Indices[i]), 2)).Sum());
        double whole = Math.Sqrt(Layers.Sum(layer => layer.FrobeniusNorm * layer.FrobeniusNorm));
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
            RelativeError = whole > 0 ? dropped / whole : 0,
            Duration = duration,
            IsWritten = isWritten,
        };
    }
}
