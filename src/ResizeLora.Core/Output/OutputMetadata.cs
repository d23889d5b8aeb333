using System.Text.Json;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>The metadata of a resized LoRA: everything that was there, and how it came about.</summary>
internal static class OutputMetadata
{
    /// <summary>The key that marks a resized LoRA.</summary>
    public const string ParametersKey = "resize_params";

    private const string ModelHashKey = "sshs_model_hash";
    private const string LegacyHashKey = "sshs_legacy_hash";

    // ResizeLora may have given every layer another rank, so the numbers of the training no longer hold.
    private static readonly string[] StaleKeys = ["ss_network_dim", "ss_network_alpha"];

    /// <summary>Whether a file is the result of an earlier run.</summary>
    public static bool IsResized(SafetensorsHeader header) => header.FindMetadata(ParametersKey) is not null;

    /// <summary>The metadata with place-holders of the right length for the two hashes.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Create(
        SafetensorsHeader source,
        OutputRecord record,
        IEnumerable<KeyValuePair<string, string>> changed)
    {
        var metadata = new OrderedDictionary<string, string>(source.Metadata, StringComparer.Ordinal);
        foreach (string key in StaleKeys.Where(metadata.ContainsKey))
            metadata[key] = "Dynamic";
        foreach ((string key, string value) in changed)
            metadata[key] = value;

        metadata[ParametersKey] = record.ToJson().ToJsonString();
        return WithHashes(metadata, ModelHashes.Placeholder);
    }

    public static IReadOnlyList<KeyValuePair<string, string>> WithHashes(IEnumerable<KeyValuePair<string, string>> metadata, ModelHashes hashes) =>
        new OrderedDictionary<string, string>(metadata, StringComparer.Ordinal)
        {
            [ModelHashKey] = hashes.Model,
            [LegacyHashKey] = hashes.Legacy,
        };

    /// <summary>How a file was made: the members of its record as JSON texts; null where it has none.</summary>
    public static IReadOnlyDictionary<string, string>? Recorded(SafetensorsHeader header)
    {
        if (header.FindMetadata(ParametersKey) is not { } text)
            return null;

        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText(), StringComparer.Ordinal)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Another tool's notes under the same key, or a name that is not text.
            return null;
        }
    }
}
