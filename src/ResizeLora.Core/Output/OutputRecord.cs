using System.Text.Json.Nodes;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>
/// How an output is made: the file name (<see cref="OutputName"/>), the metadata, and whether an earlier run has made the
/// same follow from this record and from nothing else.
/// </summary>
internal sealed record OutputRecord
{
    private const string Tool = "ResizeLora";
    private const string Null = "null";

    private static readonly string Version = typeof(OutputRecord).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>What makes no difference to what is in a file: the threshold follows from the rest, names and versions say nothing.</summary>
    private static readonly string[] Incidental = ["tool", "version", "threshold", "source"];

    /// <summary>What chose.</summary>
    public required ResizeRecipe Recipe { get; init; }

    /// <summary>Where it cut; no number until the work has told.</summary>
    public double Threshold { get; init; } = double.NaN;

    /// <summary>The number format that was asked for.</summary>
    public ResizePrecision Precision { get; init; } = ResizePrecision.Float16;

    /// <summary>What was done with layers that the checkpoint does not have; null where the recipe does not compare with it.</summary>
    public UnmatchedLayer? UnmatchedLayer { get; init; }

    /// <summary>Which layers of the input were worked on; see <see cref="LayerChoice"/>.</summary>
    public string Layers { get; init; } = LayerChoice.All;

    /// <summary>What loaders ask of ranks.</summary>
    public RankLimits RankLimits { get; init; } = RankLimits.None;

    /// <summary>The input's file name.</summary>
    public string? SourceName { get; init; }

    /// <summary>The input's hash; null until it is asked for.</summary>
    public string? SourceSha256 { get; init; }

    /// <summary>The hash of PEFT's configuration beside the input, where there is one.</summary>
    public string? SourceConfigSha256 { get; init; }

    /// <summary>The checkpoint's hash, where the output depends on it.</summary>
    public string? CheckpointSha256 { get; init; }

    /// <summary>The record in the words of the metadata.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["tool"] = Tool,
            ["version"] = Version,
            ["recipe"] = Recipe.Recipe,

            // JSON has no infinity; null says that everything fitted.
            ["threshold"] = double.IsFinite(Threshold) ? Threshold : null,
            ["precision"] = Precision.ToString(),
            ["unmatched_layer"] = UnmatchedLayer?.ToString(),
            ["layers"] = Layers,
            ["source"] = SourceName,
            ["source_sha256"] = SourceSha256,
            ["checkpoint_sha256"] = CheckpointSha256,
        };
        if (SourceConfigSha256 is not null)
            json["source_config_sha256"] = SourceConfigSha256;
        if (!RankLimits.IsNone)
            json["rank_limits"] = RankLimits.ToString();
        return json;
    }

    /// <summary>What the record of a file says otherwise, given as JSON texts; nothing where it is of the same work.</summary>
    public IReadOnlyList<string> DifferencesFrom(IReadOnlyDictionary<string, string> recorded)
    {
        var own = ToJson().ToDictionary(member => member.Key, member => member.Value?.ToJsonString() ?? Null, StringComparer.Ordinal);
        return
        [
            .. own.Keys.Union(recorded.Keys, StringComparer.Ordinal)
                .Except(Incidental)
                .Where(key => own.GetValueOrDefault(key, Null) != recorded.GetValueOrDefault(key, Null))
                .Select(key => Describe(key, recorded.GetValueOrDefault(key, Null))),
        ];
    }

    private static string Describe(string key, string recorded) => key switch
    {
        "source_sha256" => "another input",
        "source_config_sha256" => "another configuration of the input",
        "checkpoint_sha256" => "another checkpoint",
        "layers" => "other layers",
        _ => $"{DisplayText.Of(key).Replace('_', ' ')} {(recorded == Null ? "not given" : DisplayText.Of(recorded.Replace('"', '\'')))}",
    };
}
