using System.Globalization;
using System.Text.Json;
using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>
/// The alphas that a header tells. PEFT writes its configuration there, as one JSON text (diffusers) or a key for each
/// setting (SimpleTuner), in either case once for each component, with the component's name before every key.
/// </summary>
internal sealed class HeaderAlphas
{
    /// <summary>The key of the JSON text.</summary>
    public const string JsonKey = "lora_adapter_metadata";

    /// <summary>What alpha is called, after a component's name.</summary>
    public const string AlphaKey = "lora_alpha";

    /// <summary>What the alphas of single layers are called.</summary>
    public const string PatternKey = "alpha_pattern";

    /// <summary>What rsLoRA is called.</summary>
    public const string RootKey = "use_rslora";

    private readonly List<Component> _components = [];

    private HeaderAlphas(IEnumerable<Component> components, bool isJson)
    {
        _components.AddRange(components.OrderByDescending(component => component.Prefix.Length));
        IsJson = isJson;
    }

    /// <summary>Reads them; there are none in most files.</summary>
    public static HeaderAlphas Of(SafetensorsHeader header) => Json(header.FindMetadata(JsonKey)) is { } json
        ? new HeaderAlphas(FromJson(json), isJson: true)
        : new HeaderAlphas(FromKeys(header), isJson: false);

    /// <summary>The prefixes of the components that a header tells an alpha of, each ending in a point or empty.</summary>
    public IEnumerable<string> Prefixes => _components.Select(component => component.Prefix);

    /// <summary>Whether they are in the JSON text.</summary>
    public bool IsJson { get; }

    /// <summary>The prefix of the component that a layer belongs to; null where the header tells none.</summary>
    public string? PrefixOfLayer(string layer) => ComponentOf(layer)?.Prefix;

    /// <summary>The alpha of a layer; null where the header tells none.</summary>
    public HeaderAlpha? Find(string layer)
    {
        Component? component = ComponentOf(layer);
        return component is null ? null : new HeaderAlpha(component.AlphaOf(layer[component.Prefix.Length..]), component.ByRootOfRank);
    }

    private Component? ComponentOf(string layer) => _components.Find(component => layer.StartsWith(component.Prefix, StringComparison.Ordinal));

    /// <summary>A JSON object out of text; null where it is none.</summary>
    private static JsonElement? Json(string? text)
    {
        if (text is null)
            return null;

        try
        {
            JsonElement element = JsonSerializer.Deserialize<JsonElement>(text);
            return element.ValueKind == JsonValueKind.Object ? element : null;
        }
        catch (JsonException)
        {
            // Another tool's notes under the same key.
            return null;
        }
    }

    private static IEnumerable<Component> FromJson(JsonElement json)
    {
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (PrefixOf(property.Name) is not { } prefix || Number(property.Value) is not { } alpha)
                continue;

            bool byRoot = json.TryGetProperty(prefix + RootKey, out JsonElement root) && root.ValueKind == JsonValueKind.True;
            var layers = new Dictionary<string, double>(StringComparer.Ordinal);
            if (json.TryGetProperty(prefix + PatternKey, out JsonElement pattern) && pattern.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty layer in pattern.EnumerateObject())
                {
                    if (Number(layer.Value) is { } value)
                        layers[layer.Name.TrimStart('^').TrimEnd('$')] = value;
                }
            }

            yield return new Component(prefix, alpha, byRoot, layers);
        }
    }

    private static IEnumerable<Component> FromKeys(SafetensorsHeader header) =>
        from pair in header.Metadata
        let prefix = PrefixOf(pair.Key)
        where prefix is not null
        let alpha = double.TryParse(pair.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN
        where double.IsFinite(alpha)
        select new Component(
            prefix,
            alpha,
            string.Equals(header.FindMetadata(prefix + RootKey), "true", StringComparison.OrdinalIgnoreCase),
            []);

    private static string? PrefixOf(string key) =>
        key == AlphaKey || key.EndsWith($".{AlphaKey}", StringComparison.Ordinal) ? key[..^AlphaKey.Length] : null;

    private static double? Number(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double number) && double.IsFinite(number) ? number : null;

    /// <param name="Prefix">What the names of the component's layers begin with.</param>
    /// <param name="Alpha">The alpha of all layers but those that are named.</param>
    /// <param name="ByRootOfRank">Whether alphas are divided by the root of the rank.</param>
    /// <param name="Layers">The alphas of single layers, by the ends of their names.</param>
    private sealed record Component(string Prefix, double Alpha, bool ByRootOfRank, Dictionary<string, double> Layers)
    {
        /// <summary>As in PEFT, a pattern fits where it is the layer's name, or its end from a point on.</summary>
        public double AlphaOf(string layer)
        {
            for (int start = 0; Layers.Count > 0; start++)
            {
                if (Layers.TryGetValue(layer[start..], out double alpha))
                    return alpha;

                start = layer.IndexOf('.', start);
                if (start < 0)
                    break;
            }

            return Alpha;
        }
    }
}
