using System.Text.Json.Nodes;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>
/// How an output is made: the file name (<see cref="OutputName"/>), the metadata, and whether an earlier run has made the
/// same follow from this record and from nothing else.
/// </summary>
internal sealed record OutputRecord
{
    /// <summary>The names of the metadata members that are shown to users.</summary>
    public const string RecipeKey = "recipe";
    public const string ThresholdKey = "threshold";
    public const string PrecisionKey = "precision";
    public const string SourceKey = "source";

    private const string Tool = "ResizeLora";
    private const string Null = "null";

    private static readonly string Version = typeof(OutputRecord).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>All that the metadata says of an output, in this order: the only place that knows it.</summary>
    private static readonly Member[] Members =
    [
        new("tool", _ => Tool) { IsIncidental = true },
        new("version", _ => Version) { IsIncidental = true },
        new(RecipeKey, record => record.Recipe.Recipe),

        // JSON has no infinity; null says that everything fitted.
        new(ThresholdKey, record => record.Threshold is { } threshold && double.IsFinite(threshold) ? threshold : null) { IsIncidental = true },
        new(PrecisionKey, record => record.Precision.ToString()),
        new("unmatched_layer", record => record.UnmatchedLayer?.ToString()),
        new("layers", record => record.Layers) { Difference = "other layers" },
        new(SourceKey, record => record.SourceName) { IsIncidental = true },
        new("source_sha256", record => record.SourceSha256) { Difference = "another input" },
        new("checkpoint_sha256", record => record.CheckpointSha256) { Difference = "another checkpoint" },
        new("source_config_sha256", record => record.SourceConfigSha256) { Difference = "another configuration of the input", IsOptional = true },
        new("rank_limits", record => record.RankLimits.IsNone ? null : record.RankLimits.ToString()) { IsOptional = true },
    ];

    /// <summary>What chose.</summary>
    public required ResizeRecipe Recipe { get; init; }

    /// <summary>The threshold it cut at, NaN for none; null until that is known.</summary>
    public double? Threshold { get; init; }

    /// <summary>The requested number format.</summary>
    public ResizePrecision Precision { get; init; } = ResizePrecision.Float16;

    /// <summary>What was done with layers that the checkpoint does not have; null if the recipe does not compare with it.</summary>
    public UnmatchedLayer? UnmatchedLayer { get; init; }

    /// <summary>Which layers of the input were worked on; see <see cref="LayerChoice"/>.</summary>
    public string Layers { get; init; } = LayerChoice.All;

    /// <summary>The limits on ranks.</summary>
    public RankLimits RankLimits { get; init; } = RankLimits.None;

    /// <summary>The input's file name.</summary>
    public string? SourceName { get; init; }

    /// <summary>The input's hash; null until it is needed.</summary>
    public string? SourceSha256 { get; init; }

    /// <summary>The hash of PEFT's configuration next to the input, where there is one.</summary>
    public string? SourceConfigSha256 { get; init; }

    /// <summary>The checkpoint's hash, where the output depends on it.</summary>
    public string? CheckpointSha256 { get; init; }

    /// <summary>The record in the words of the metadata.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (Member member in Members)
        {
            JsonNode? value = member.Value(this);
            if (value is not null || !member.IsOptional)
                json[member.Key] = value;
        }

        return json;
    }

    /// <summary>How this record differs from that of a file, given as JSON texts; nothing if both are of the same work.</summary>
    public IReadOnlyList<string> DifferencesFrom(IReadOnlyDictionary<string, string> recorded)
    {
        var own = ToJson().ToDictionary(member => member.Key, member => member.Value?.ToJsonString() ?? Null, StringComparer.Ordinal);
        return
        [
            .. own.Keys.Union(recorded.Keys, StringComparer.Ordinal)
                .Except(Members.Where(member => member.IsIncidental).Select(member => member.Key), StringComparer.Ordinal)
                .Where(key => own.GetValueOrDefault(key, Null) != recorded.GetValueOrDefault(key, Null))
                .Select(key => Describe(key, recorded.GetValueOrDefault(key, Null))),
        ];
    }

    private static string Describe(string key, string recorded) =>
        Array.Find(Members, member => member.Key == key)?.Difference
        ?? $"{DisplayText.Of(key).Replace('_', ' ')} {(recorded == Null ? "not given" : DisplayText.Of(recorded.Replace('"', '\'')))}";

    /// <param name="Key">Its key in the metadata.</param>
    /// <param name="Value">Its value in a record.</param>
    private sealed record Member(string Key, Func<OutputRecord, JsonNode?> Value)
    {
        /// <summary>Whether it makes no difference to what is in a file: the threshold follows from the rest, names and versions say nothing.</summary>
        public bool IsIncidental { get; init; }

        /// <summary>Whether it is left out where there is nothing to say.</summary>
        public bool IsOptional { get; init; }

        /// <summary>How messages describe a difference; null if both values are shown.</summary>
        public string? Difference { get; init; }
    }
}
