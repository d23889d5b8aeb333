using ResizeLora.Peft;
using ResizeLora.Selection;

namespace ResizeLora.Writing;

/// <summary>A planned output and where it goes.</summary>
internal sealed record OutputFile(OutputPlan Plan, IReadOnlyList<DecomposedLayer> Layers, string Path)
{
    /// <summary>Whether it is a folder, as PEFT saves adapters.</summary>
    public bool IsFolder { get; init; }

    /// <summary>What users are told of the output once it is written.</summary>
    public ResizeResult ToResult(AdapterSource source)
    {
        KeptValues kept = Plan.Kept;
        double dropped = Math.Sqrt(Layers.Select((layer, i) => Math.Pow(layer.NormWithout(kept.Indices[i]), 2)).Sum());
        double whole = Math.Sqrt(Layers.Sum(layer => layer.FrobeniusNorm * layer.FrobeniusNorm));
        return new ResizeResult
        {
            Path = Path,
            SourcePath = source.Path,
            Recipe = Plan.Parameters.Recipe,
            Threshold = kept.Threshold,
            SourceLayerCount = Layers.Count,
            LayerCount = kept.Ranks.Count(rank => rank > 0),
            SourceRank = Layers.Sum(layer => layer.Rank),
            Rank = kept.Rank,
            SourceSize = source.File.Length,
            Size = Plan.FileLength,
            RelativeError = whole > 0 ? dropped / whole : 0,
        };
    }
}
