using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ResizeLora.Safetensors;

namespace ResizeLora.Peft;

/// <summary>
/// PEFT's configuration of an adapter, read and written anew. It is a file of its own beside the tensors, or in their
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

    private static readonly JsonDocumentOptions OnceEach = new() { AllowDuplicateProperties = false };

    private static readonly JsonSerializerOptions AsPython = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

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

    /// <summary>Whether nothing is said of any layer.</summary>
    public bool IsEmpty => _components.Count == 0;

    /// <summary>What is said of all layers, if it is said in a file of its own.</summary>
    public string Type => _components.GetAt(0).Value.Type;

    /// <summary>Reads the file of a configuration.</summary>
    /// <exception cref="ResizeLoraException">It is no configuration, or one of an adapter that can't be resized.</exception>
    public static PeftConfiguration OfFile(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            string json = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
            using JsonDocument document = Parse(json);
            return new PeftConfiguration(json, Storage.File, [new PeftSettings(Properties(document), string.Empty, $"'{path}'", hasDefaults: true)]);
        }
        catch (DecoderFallbackException exception)
        {
            throw PeftFault.NotJson(path, $"it is not UTF-8 at byte {exception.Index + 1}", exception);
        }
        catch (FormatException exception)
        {
            throw PeftFault.NotJson(path, exception.Message, exception);
        }
    }

    /// <summary>Reads the configuration in the header of a file, which says nothing in most.</summary>
    /// <exception cref="ResizeLoraException">It is one that PEFT could not use, or of an adapter that can't be resized.</exception>
    public static PeftConfiguration OfHeader(SafetensorsHeader header, string path)
    {
        bool isText = IsObject(header.FindMetadata(HeaderKey));
        string json = isText ? header.FindMetadata(HeaderKey)! : TextOfKeys(header);
        string place = isText ? $"{HeaderKey} in the header of '{path}'" : $"the header of '{path}'";
        try
        {
            using JsonDocument document = Parse(json);
            Dictionary<string, JsonElement> properties = Properties(document);
            return new PeftConfiguration(json, isText ? Storage.HeaderText : Storage.HeaderKeys, [.. properties
                .Where(property => PeftSettings.IsAlphaKey(property.Key) && IsNumber(property.Value))
                .Select(property => new PeftSettings(properties, property.Key[..^PeftSettings.AlphaKey.Length], place, hasDefaults: false))]);
        }
        catch (FormatException exception)
        {
            throw PeftFault.Invalid(place, exception);
        }
    }

    /// <summary>What is said of a layer; null if nothing is.</summary>
    public PeftSettings? For(string layer)
    {
        // The longest name of a component that the layer's begins with.
        for (int end = layer.LastIndexOf('.') + 1; end > 0; end = layer.LastIndexOf('.', end - 2) + 1)
        {
            if (_components.TryGetValue(layer[..end], out PeftSettings? component))
                return component;
            if (end < 2)
                break;
        }

        return _components.GetValueOrDefault(string.Empty);
    }

    /// <summary>The header's metadata that change with an output.</summary>
    public IEnumerable<KeyValuePair<string, string>> Metadata(PeftOutput output)
    {
        JsonObject json = Written(output);
        return _storage == Storage.HeaderText ? [new(HeaderKey, json.ToJsonString())] : Keys(json);
    }

    /// <summary>The configuration of an output, as PEFT would write it.</summary>
    public byte[] FileText(PeftOutput output)
    {
        // Python reads the file in the encoding of the machine, and writes ASCII for that.
        var ascii = new StringBuilder();
        foreach (char c in Written(output).ToJsonString(AsPython))
        {
            if (char.IsAscii(c))
                ascii.Append(c);
            else
                ascii.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return Encoding.ASCII.GetBytes(ascii.ToString());
    }

    private JsonObject Written(PeftOutput output)
    {
        JsonObject json = JsonNode.Parse(_json)!.AsObject();
        ILookup<PeftSettings?, PeftLayer> layers = output.Layers.ToLookup(layer => For(layer.Name));
        ILookup<PeftSettings?, string> leftOut = output.LeftOut.ToLookup(For);
        foreach (PeftSettings component in _components.Values)
        {
            PeftLayer[] written = [.. layers[component].Select(layer => layer with { Name = component.ModuleOf(layer.Name) })];
            Set(json, component, written);
            if (leftOut[component].Any() && (_storage == Storage.File || json.ContainsKey(component.Prefix + PeftSettings.TargetKey)))
                Target(json, component.Prefix, [.. written.Select(layer => layer.Name)], [.. leftOut[component].Select(component.ModuleOf)]);
        }

        if (_storage == Storage.File)
        {
            json[PeftSettings.TypeKey] = PeftSettings.Lora;
            foreach (string key in Type == PeftSettings.Lora ? [] : ForeignKeys)
                json.Remove(key);
        }

        return json;
    }

    private static void Set(JsonObject json, PeftSettings component, PeftLayer[] layers)
    {
        long usual = layers.Select(layer => layer.Rank).DefaultIfEmpty(1).Max();
        List<PeftLayer> others;
        try
        {
            others = Exceptions(layers, usual);
        }
        catch (FormatException exception)
        {
            throw PeftFault.Invalid(component.Place, exception);
        }

        json[component.Prefix + PeftSettings.RankKey] = usual;
        json[component.Prefix + PeftSettings.AlphaKey] = usual;

        // Older versions look up both with the first pattern of either that fits; so both have the same.
        json[component.Prefix + PeftSettings.RankPatternKey] = Pattern(others, layer => JsonValue.Create(layer.Rank));
        json[component.Prefix + PeftSettings.AlphaPatternKey] = Pattern(others, layer => layer.Alpha == layer.Rank ? JsonValue.Create(layer.Rank) : JsonValue.Create(layer.Alpha));
        if (json.ContainsKey(component.Prefix + PeftSettings.RootKey))
            json[component.Prefix + PeftSettings.RootKey] = false;
    }

    /// <summary>
    /// PEFT makes a layer for each module that it is told of, and those that the file does not have stay as they were
    /// made, with a warning at best. So where layers were left out, the modules are those that the file has.
    /// </summary>
    private static void Target(JsonObject json, string prefix, string[] modules, string[] leftOut)
    {
        // A name in a list is also the end of other names; an expression is a whole name, but does not go with choosing by number.
        HashSet<string> ends = new(modules.Select(module => $".{module}"), StringComparer.Ordinal);
        bool isAmbiguous = leftOut.Any(module => Ends(module).Any(ends.Contains));
        bool isNumbered = json[prefix + "layers_to_transform"] is not null || json[prefix + "layers_pattern"] is not null;
        json[prefix + PeftSettings.TargetKey] = isAmbiguous && !isNumbered
            ? string.Join('|', modules.Select(Regex.Escape))
            : new JsonArray([.. modules.Select(module => JsonValue.Create(module))]);
    }

    /// <summary>The ends of a name, from each of its points on.</summary>
    private static IEnumerable<string> Ends(string name) => Enumerable.Range(0, name.Length).Where(i => name[i] == '.').Select(i => name[i..]);

    /// <summary>The layers that patterns must name, in an order in which each finds its own.</summary>
    private static List<PeftLayer> Exceptions(PeftLayer[] layers, long usual)
    {
        List<PeftLayer> named = [.. layers.Where(layer => layer.Rank != usual || layer.Alpha != usual).DistinctBy(layer => layer.Name)];
        while (true)
        {
            // A name fits all that end in it, and its points fit any character.
            var patterns = new PeftPatterns(named.Select((layer, i) => KeyValuePair.Create(PatternOf(layer), (double)i)));
            PeftLayer[] wrong = [.. layers.Where(layer => patterns.Find(layer.Name) is { } i && named[(int)i] is var found && (found.Rank != layer.Rank || found.Alpha != layer.Alpha))];
            if (wrong.Length == 0)
                return named;

            List<PeftLayer> more = [.. named.Union(wrong).DistinctBy(layer => layer.Name).OrderByDescending(layer => layer.Name.Length).ThenBy(layer => layer.Name.Count(c => c == '.'))];
            if (more.SequenceEqual(named))
                return named;

            named = more;
        }
    }

    private static string PatternOf(PeftLayer layer) => PeftPattern.IsPlain(layer.Name) ? layer.Name : Regex.Escape(layer.Name);

    private static JsonObject Pattern(IEnumerable<PeftLayer> layers, Func<PeftLayer, JsonValue> value) =>
        new(layers.Select(layer => new KeyValuePair<string, JsonNode?>(PatternOf(layer), value(layer))));

    /// <summary>One key for each setting has no room for single layers; but rank and alpha are the same for all of them.</summary>
    private IEnumerable<KeyValuePair<string, string>> Keys(JsonObject written)
    {
        JsonObject before = JsonNode.Parse(_json)!.AsObject();
        return written.Where(pair => before.ContainsKey(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value!.ToJsonString()));
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
                if (header.FindMetadata(setting) is { } text && Value(text) is { } value)
                    json[setting] = value;
            }
        }

        return json.ToJsonString();
    }

    private static JsonValue? Value(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? double.IsFinite(number) ? JsonValue.Create(number) : null
        : bool.TryParse(text, out bool flag) ? JsonValue.Create(flag)
        : null;

    /// <exception cref="FormatException">It is no JSON object, or one that can't be written again.</exception>
    private static JsonDocument Parse(string json)
    {
        try
        {
            var document = JsonDocument.Parse(json, OnceEach);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException("it is not a JSON object");

            // A character may be escaped by halves.
            _ = JsonObject.Create(document.RootElement)!.ToJsonString();
            return document;
        }
        catch (JsonException exception)
        {
            // A key that is there twice has no position.
            throw new FormatException(exception.LineNumber is { } line ? $"it is not JSON from line {line + 1}, byte {exception.BytePositionInLine + 1} on" : exception.Message.Split('.', 2)[0], exception);
        }
        catch (InvalidOperationException exception)
        {
            throw new FormatException("it holds half of a character", exception);
        }
    }

    /// <summary>By their names, since looking one up in the document takes as long as it is.</summary>
    private static Dictionary<string, JsonElement> Properties(JsonDocument document) =>
        document.RootElement.EnumerateObject().ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal);

    private static bool IsNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number);

    /// <summary>Other tools may keep notes of their own under the same key.</summary>
    private static bool IsObject(string? text)
    {
        try
        {
            return text is not null && JsonSerializer.Deserialize<JsonElement>(text).ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
