using ResizeLora.Selection;

namespace ResizeLora.Pipeline;

/// <summary>How the pipeline works.</summary>
internal sealed record PipelineSettings
{
    public ResizePrecision Precision { get; init; } = ResizePrecision.Float16;

    public UnmatchedLayer UnmatchedLayer { get; init; } = UnmatchedLayer.Keep;

    /// <summary>What loaders ask of ranks.</summary>
    public RankLimits RankLimits { get; init; } = RankLimits.None;

    /// <summary>Whether existing outputs are replaced.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether outputs that were made from the same input by the same recipe are skipped.</summary>
    public bool SkipExisting { get; init; }

    /// <summary>Where hashes of known files are remembered; null to remember none.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>The folder for outputs; null for each input's own folder.</summary>
    public string? Destination { get; init; }

    /// <summary>Layers worked on at the same time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;
}
