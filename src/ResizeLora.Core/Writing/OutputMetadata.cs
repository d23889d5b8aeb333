using System.Text.Json;
using ResizeLora.Safetensors;

namespace ResizeLora.Writing;

/// <summary>The metadata of a resized LoRA: everything that was there, and how it came about.</summary>
internal static class OutputMetadata
{
    /// <summary>The key that marks a resized LoRA.</summary>
    public const string ParametersKey = "resize_params";

    private const string ModelHashKey = "sshs_model_hash";
    private const string LegacyHashKey = "sshs_legacy_hash";

    // ResizeLora may have given every layer another rank, so the numbers of the training no longer hold.
    private static readonly string[] StaleKeys = ["ss_network_dim", "ss_network_alpha"];

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly string ToolVersion =
        typeof(OutputMetadata).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>Whether a file is the result of an earlier run.</summary>
    public static bool IsResized(SafetensorsHeader header) => header.FindMetadata(ParametersKey) is not null;

    /// <summary>The metadata with place-holders of the right length for the two hashes.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Create(
        SafetensorsHeader source,
        ResizeParameters parameters,
        IEnumerable<KeyValuePair<string, string>> changed)
    {
        var metadata = new OrderedDictionary<string, string>(source.Metadata, StringComparer.Ordinal);
        foreach (string key in StaleKeys.Where(metadata.ContainsKey))
            metadata[key] = "Dynamic";
        foreach ((string key, string value) in changed)
            metadata[key] = value;

        metadata[ParametersKey] = JsonSerializer.Serialize(Record(parameters), Json);
        return WithHashes(metadata, ModelHashes.Placeholder);
    }

    public static IReadOnlyList<KeyValuePair<string, string>> WithHashes(IEnumerable<KeyValuePair<string, string>> metadata, ModelHashes hashes) =>
        new OrderedDictionary<string, string>(metadata, StringComparer.Ordinal)
        {
            [ModelHashKey] = hashes.Model,
            [LegacyHashKey] = hashes.Legacy,
        };

    /// <summary>How a file came about, if it is the result of an earlier run of this tool; else null.</summary>
    public static RecordedParameters? Recorded(SafetensorsHeader header)
    {
        if (header.FindMetadata(ParametersKey) is not { } text)
            return null;

        try
        {
            return JsonSerializer.Deserialize<RecordedParameters>(text, Json);
        }
        catch (JsonException)
        {
            // Another tool's notes under the same key.
            return null;
        }
    }

    /// <summary>What an output of these parameters says of itself.</summary>
    public static RecordedParameters Record(ResizeParameters parameters) => new(
        "ResizeLora",
        ToolVersion,
        parameters.Recipe.ToString(),

        // JSON has no infinity; null says that everything fitted.
        double.IsFinite(parameters.Threshold) ? parameters.Threshold : null,
        parameters.Precision.ToString(),
        parameters.UnmatchedLayer,
        parameters.Layers,
        parameters.SourceName,
        parameters.SourceSha256,
        parameters.CheckpointSha256)
    {
        SourceConfigSha256 = parameters.ConfigurationSha256,
        RankLimits = parameters.RankLimits.IsNone ? null : parameters.RankLimits.ToString(),
    };
}
