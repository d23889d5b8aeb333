using System.Text.Json;
using ResizeLora.Output;
using ResizeLora.Safetensors;

namespace ResizeLora.Info;

/// <summary>How a resized LoRA was made, by its metadata; missing or invalid values are null.</summary>
/// <param name="Recipe">What chose.</param>
/// <param name="Threshold">Where it cut.</param>
/// <param name="Precision">The requested number format.</param>
/// <param name="Source">The name of the file that it was made from.</param>
internal sealed record ResizeOrigin(string? Recipe, double? Threshold, string? Precision, string? Source)
{
    public static ResizeOrigin Of(SafetensorsHeader header)
    {
        IReadOnlyDictionary<string, string>? record = OutputMetadata.Recorded(header);
        return new ResizeOrigin(
            Read<string>(OutputRecord.RecipeKey),
            Read<double?>(OutputRecord.ThresholdKey),
            Read<string>(OutputRecord.PrecisionKey),
            Read<string>(OutputRecord.SourceKey));

        T? Read<T>(string name)
        {
            try
            {
                return record?.GetValueOrDefault(name) is { } json ? JsonSerializer.Deserialize<T>(json) : default;
            }
            catch (JsonException)
            {
                return default;
            }
        }
    }
}
