using System.Text.Json.Serialization;

namespace ResizeLora.Writing;

/// <summary>How an output came about, in the words of its metadata: names of the properties in snake case.</summary>
internal sealed record RecordedParameters(
    string Tool,
    string Version,
    string Recipe,
    double? Threshold,
    string Precision,
    string? UnmatchedLayer,
    string Layers,
    string Source,
    string SourceSha256,
    string? CheckpointSha256)
{
    /// <summary>The hash of PEFT's configuration beside the input; left out where there was none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SourceConfigSha256 { get; init; }

    /// <summary>What was asked of ranks; left out where nothing was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RankLimits { get; init; }

    /// <summary>Whether this output and the given work come from the same input by the same recipe.</summary>
    /// <remarks>The threshold follows from the rest, and neither names nor versions change what is in a file.</remarks>
    public bool IsSameWork(RecordedParameters other) =>
        this == other with { Tool = Tool, Version = Version, Threshold = Threshold, Source = Source };
}
