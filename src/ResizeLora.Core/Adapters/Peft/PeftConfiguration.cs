using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Peft;

/// <summary>
/// PEFT's configuration of an adapter, read and rewritten. It is a separate file next to the tensors, or in their
/// header: as one JSON text (diffusers) or with a key for each setting (SimpleTuner), in either case once for each
/// component, with the component's name before every key.
/// </summary>
internal sealed class PeftConfiguration
{
    /// <summary>The header's key of the JSON text.</summary>
    public const string HeaderKey = "lora_adapter_metadata";

    /// <summary>Keys that only other types have, and that LoRA's configuration does not know.</summary>
    private static readonly string[] ForeignKeys =
        ["alpha", "rank_dropout", "rank_dropout_scale", "module_dropout", "use_effective_conv2d", "decompose_both", "decompose_factor", "init_weights"];

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _json;
    private readonly Storage _storage;
    private readonly OrderedDictionary<string, PeftSettings> _components;

    private PeftConfiguration(string json, Storage storage, IEnumerable<PeftSettings> components)
    {
        _json = json;
        _storage = storage;
        _components = new OrderedDictionary<string, PeftSettings>(components.Select(component => KeyValuePair.Create(component.Prefix, component)), StringComparer.Ordinal);
    }

    private enum Storage
    {
        File,
        HeaderText,
        HeaderKeys,
    }

    /// <summary>Whether it has no settings for any layer.</summary>
    public bool IsEmpty => _components.Count == 0;

    /// <summary>The model that the adapter was trained on; null if that is not given.</summary>
    public string? BaseModel => _components.Values.Select(component => component.BaseModel).FirstOrDefault(name => !string.IsNullOrWhiteSpace(name));

    /// <summary>The adapter's type, if the configuration is a file of its own.</summary>
    public string Type => _components.GetAt(0).Value.Type;

    /// <summary>Reads the file of a configuration.</summary>
    /// <exception cref="ResizeLoraException">It is not a configuration, or one of an adapter that can't be resized.</exception>
    public static PeftConfiguration OfFile(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            string json = Utf8.GetString(bytes).TrimStart('\uFEFF');
            return new PeftConfiguration(json, Storage.File, [new PeftSettings(PeftJson.Properties(json), string.Empty, $"'{path}'", hasDefaults: true)]);
        }
        catch (DecoderFallbackException exception)
        {
            throw PeftErrors.NotJson(path, $"it is not UTF-8 at byte {exception.Index + 1}", exception);
        }
        catch (FormatException exception)
        {
            throw PeftErrors.NotJson(path, exception.Message, exception);
        }
    }

    /// <summary>Reads the configuration in the header of a file, which says nothing in most.</summary>
    /// <exception cref="ResizeLoraException">It is one that PEFT could not use, or of an adapter that can't be resized.</exception>
    public static PeftConfiguration OfHeader(SafetensorsHeader header, string path)
    {
        bool isText = PeftJson.IsObject(header.FindMetadata(HeaderKey));
        string json = isText ? header.FindMetadata(HeaderKey)! : TextOfKeys(header);
        string place = isText ? $"{HeaderKey} in the header of '{path}'" : $"the header of '{path}'";
        try
        {
            Dictionary<string, JsonElement> properties = PeftJson.Properties(json);
            return new PeftConfiguration(json, isText ? Storage.HeaderText : Storage.HeaderKeys, properties
                .Where(property => PeftSettings.IsAlphaKey(property.Key) && PeftJson.Number(property.Value) is not null)
                .Select(property => new PeftSettings(properties, property.Key[..^PeftSettings.AlphaKey.Length], place, hasDefaults: false)));
        }
        catch (FormatException exception)
        {
            throw PeftErrors.Invalid(place, exception);
        }
    }

    /// <summary>The settings of a layer; null if there are none.</summary>
    public PeftSettings? For(string layer)
    {
        // The longest name of a component that the layer's begins with.
        for (int end = layer.Length; end > 0; end--)
        {
            if (layer[end - 1] == '.' && _components.TryGetValue(layer[..end], out PeftSettings? component))
                return component;
        }

        return _components.GetValueOrDefault(string.Empty);
    }

    /// <summary>The header's metadata that change with an output.</summary>
    public IEnumerable<KeyValuePair<string, string>> Metadata(PeftOutput output)
    {
        JsonObject json = Written(output);
        if (_storage == Storage.HeaderText)
            return [new(HeaderKey, json.ToJsonString())];

        // One key for each setting has no room for single layers; but rank and alpha are the same for all of them.
        JsonObject before = JsonNode.Parse(_json)!.AsObject();
        return json.Where(pair => before.ContainsKey(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value!.ToJsonString()));
    }

    /// <summary>The configuration of an output, as PEFT would write it.</summary>
    public byte[] FileText(PeftOutput output) => PeftJson.File(Written(output));

    private JsonObject Written(PeftOutput output)
    {
        JsonObject json = JsonNode.Parse(_json)!.AsObject();
        ILookup<PeftSettings?, PeftLayer> layers = output.Layers.ToLookup(layer => For(layer.Name));
        ILookup<PeftSettings?, string> leftOut = output.LeftOut.ToLookup(For);
        foreach (PeftSettings component in _components.Values)
        {
            PeftLayer[] written = [.. layers[component].Select(layer => layer with { Name = component.ModuleOf(layer.Name) })];
            WrittenSettings.SetRanks(json, component, written);
            if (leftOut[component].Any() && (_storage == Storage.File || json.ContainsKey(component.Prefix + PeftSettings.TargetKey)))
                WrittenSettings.SetTargets(json, component, written, [.. leftOut[component].Select(component.ModuleOf)]);
        }

        if (_storage == Storage.File)
        {
            json[PeftSettings.TypeKey] = PeftSettings.Lora;
            foreach (string key in Type == PeftSettings.Lora ? [] : ForeignKeys)
                json.Remove(key);
        }

        return json;
    }

    /// <summary>Keys of the header for single settings, as JSON.</summary>
    private static string TextOfKeys(SafetensorsHeader header)
    {
        var json = new JsonObject();
        foreach (string key in header.Metadata.Select(pair => pair.Key).Where(PeftSettings.IsAlphaKey))
        {
            string prefix = key[..^PeftSettings.AlphaKey.Length];
            foreach (string setting in new[] { prefix + PeftSettings.RankKey, key, prefix + PeftSettings.RootKey })
            {
                if (header.FindMetadata(setting) is { } text && PeftJson.ValueOf(text) is { } value)
                    json[setting] = value;
            }
        }

        return json.ToJsonString();
    }
}
