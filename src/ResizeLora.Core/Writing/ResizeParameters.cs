using ResizeLora.Selection;

namespace ResizeLora.Writing;

/// <summary>How an output came about, as its metadata tells.</summary>
/// <param name="Recipe">What chose.</param>
/// <param name="Threshold">Where it cut.</param>
/// <param name="Precision">The number format that was asked for.</param>
/// <param name="UnmatchedLayer">What was done with layers that the checkpoint does not have, where the recipe compares with it.</param>
/// <param name="Layers">Which layers of the input were worked on; see <see cref="LayerChoice"/>.</param>
/// <param name="SourceName">The input's file name.</param>
/// <param name="SourceSha256">The input's hash.</param>
/// <param name="CheckpointSha256">The checkpoint's hash, where the recipe compares with it.</param>
internal sealed record ResizeParameters(
    ResizeRecipe Recipe,
    double Threshold,
    ResizePrecision Precision,
    string? UnmatchedLayer,
    string Layers,
    string SourceName,
    string SourceSha256,
    string? CheckpointSha256)
{
    /// <summary>The hash of PEFT's configuration beside the input, where there is one.</summary>
    public string? ConfigurationSha256 { get; init; }

    /// <summary>What loaders ask of ranks.</summary>
    public RankLimits RankLimits { get; init; } = RankLimits.None;
}
