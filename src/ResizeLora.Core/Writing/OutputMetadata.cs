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
        var metadata = source.Metadata.ToList();
        foreach (string key in StaleKeys.Where(key => source.FindMetadata(key) is not null))
            Set(metadata, key, "Dynamic");
        foreach ((string key, string value) in changed)
            Set(metadata, key, value);

        Set(metadata, ParametersKey, Serialize(parameters));
        return WithHashes(metadata, ModelHashes.Placeholder);
    }

    public static IReadOnlyList<KeyValuePair<string, string>> WithHashes(IReadOnlyList<KeyValuePair<string, string>> metadata, ModelHashes hashes)
    {
        var complete = metadata.ToList();
        Set(complete, ModelHashKey, hashes.Model);
        Set(complete, LegacyHashKey, hashes.Legacy);
        return complete;
    }

    private static void Set(List<KeyValuePair<string, string>> metadata, string key, string value)
    {
        int index = metadata.FindIndex(pair => string.Equals(pair.Key, key, StringComparison.Ordinal));
        if (index < 0)
            metadata.Add(new(key, value));
        else
            metadata[index] = new(key, value);
    }

    private static string Serialize(ResizeParameters parameters) => JsonSerializer.Serialize(new
    {
        tool = "ResizeLora",
        version = ToolVersion,
        recipe = parameters.Recipe.ToString(),

        // JSON has no infinity; null says that everything fitted.
        threshold = double.IsFinite(parameters.Threshold) ? parameters.Threshold : (double?)null,
        precision = parameters.Precision.ToString(),
        source = parameters.SourceName,
        source_sha256 = parameters.SourceSha256,
    });
}
