using System.Text.Json;

namespace ResizeLora.Adapters.Peft;

/// <summary>
/// PEFT's settings for the layers of one component of a model: their ranks and alphas. This is the one place
/// that knows PEFT's keys, its defaults and its rules.
/// </summary>
/// <remarks>https://github.com/huggingface/peft, src/peft/tuners/lora/config.py, model.py and layer.py.</remarks>
internal sealed class PeftSettings
{
    public const string TypeKey = "peft_type";
    public const string RankKey = "r";
    public const string AlphaKey = "lora_alpha";
    public const string RankPatternKey = "rank_pattern";
    public const string AlphaPatternKey = "alpha_pattern";
    public const string RootKey = "use_rslora";
    public const string DoraKey = "use_dora";
    public const string TransposedKey = "fan_in_fan_out";
    public const string TargetKey = "target_modules";
    public const string ParametersKey = "target_parameters";
    public const string BaseModelKey = "base_model_name_or_path";

    /// <summary>The type whose tensors are written.</summary>
    public const string Lora = "LORA";

    /// <summary>The prefix that PEFT adds to the names of all layers.</summary>
    private const string Wrapper = "base_model.model.";

    /// <summary>What comes between the name of a wrapped module and that of a layer in it.</summary>
    private const string Inner = ".base_layer.";

    /// <summary>PEFT's defaults for r and alpha.</summary>
    private const double Default = 8;

    private const string InitKey = "init_lora_weights";

    /// <summary>Types of adapters, and what they call alpha.</summary>
    private static readonly Dictionary<string, string> AlphaKeys = new(StringComparer.Ordinal)
    {
        [Lora] = AlphaKey,
        ["LOHA"] = "alpha",
        ["LOKR"] = "alpha",
    };

    /// <summary>Ways to begin a training that change the base weights, by the rank, each time that the adapter is loaded.</summary>
    private static readonly string[] BaseChanging = ["pissa", "olora", "corda", "loftq", "lora_ga"];

    /// <summary>Variants of LoRA whose tensors mean something else.</summary>
    private static readonly string[] Variants = ["use_qalora", "use_bdlora", "kasa_config", "monteclora_config", ParametersKey];

    private readonly double _alpha;
    private readonly double? _rank;
    private readonly PeftPatterns _ranks;
    private readonly PeftPatterns _alphas;
    private readonly bool _byRootOfRank;

    /// <param name="json">The configuration.</param>
    /// <param name="prefix">The prefix of its keys and of the component's layers: empty, or ending in a point.</param>
    /// <param name="place">How messages name the place of the configuration.</param>
    /// <param name="hasDefaults">Whether keys that are missing have PEFT's defaults, or say nothing.</param>
    /// <exception cref="ResizeLoraException">PEFT could not use a value, or it belongs to a kind of adapter that can't be resized.</exception>
    public PeftSettings(IReadOnlyDictionary<string, JsonElement> json, string prefix, string place, bool hasDefaults)
    {
        Prefix = prefix;
        Place = place;
        Type = Find(json, prefix + TypeKey) is { } type ? type.ValueKind == JsonValueKind.String ? type.GetString()! : type.GetRawText() : Lora;
        if (!AlphaKeys.TryGetValue(Type, out string? alphaKey))
            throw PeftErrors.UnsupportedType(place, Type);

        try
        {
            _rank = Number(json, prefix + RankKey) ?? (hasDefaults ? Default : null);
            _alpha = Number(json, prefix + alphaKey) ?? Default;
            _ranks = Patterns(json, prefix + RankPatternKey);
            _alphas = Patterns(json, prefix + AlphaPatternKey);
            _byRootOfRank = Type == Lora && Flag(json, prefix + RootKey) == true;
            UsesDora = Flag(json, prefix + DoraKey) ?? (hasDefaults && Type == Lora ? false : null);
            IsBaseTransposed = Flag(json, prefix + TransposedKey) == true;
            BaseModel = Find(json, prefix + BaseModelKey) is { ValueKind: JsonValueKind.String } name ? name.GetString() : null;
        }
        catch (FormatException exception)
        {
            throw PeftErrors.Invalid(place, exception);
        }

        Refuse(json);
    }

    /// <summary>The prefix of the component's layers: empty, or ending in a point.</summary>
    public string Prefix { get; }

    /// <summary>How messages name the place of this setting.</summary>
    public string Place { get; }

    /// <summary>The type of the adapter, as PEFT calls it.</summary>
    public string Type { get; }

    /// <summary>Whether layers are DoRA; null if that is not given.</summary>
    public bool? UsesDora { get; }

    /// <summary>Whether the model stores weights as in × out. It is set for all layers, but applies only to those that can be stored that way.</summary>
    public bool IsBaseTransposed { get; }

    /// <summary>The model that the adapter was trained on; null if that is not given.</summary>
    public string? BaseModel { get; }

    /// <summary>A layer's name as patterns see it: that of the module in the model.</summary>
    public string ModuleOf(string layer)
    {
        string name = OuterModuleOf(layer)[Prefix.Length..];
        return name.StartsWith(Wrapper, StringComparison.Ordinal) ? name[Wrapper.Length..] : name;
    }

    /// <summary>Whether a layer is in a module that PEFT has wrapped whole, such as the output of torch's attention.</summary>
    public static bool IsInner(string layer) => layer.Contains(Inner, StringComparison.Ordinal);

    /// <summary>The module that PEFT gives a rank to: the layer, or what it is in.</summary>
    public static string OuterModuleOf(string layer) => IsInner(layer) ? layer[..layer.IndexOf(Inner, StringComparison.Ordinal)] : layer;

    /// <summary>The alpha of a layer and what ΔW is multiplied by.</summary>
    /// <param name="layer">The layer's name, as its file has it.</param>
    /// <param name="storedRank">The rank of its factors; null if they don't say.</param>
    /// <param name="path">The adapter.</param>
    /// <exception cref="ResizeLoraException">The factors have another rank than the configuration says, or a pattern can't be used.</exception>
    public ConfiguredAlpha Of(string layer, long? storedRank, string path)
    {
        try
        {
            string module = ModuleOf(layer);
            double alpha = _alphas.Find(module) ?? _alpha;
            double? rank = _ranks.Find(module) ?? _rank;
            if (rank is not null && storedRank is not null && rank != storedRank)
                throw PeftErrors.RankDiffers(path, layer, storedRank.Value, Place, rank.Value);

            double divisor = storedRank ?? rank ?? 1;
            return new ConfiguredAlpha(alpha, alpha / (_byRootOfRank ? Math.Sqrt(divisor) : divisor), Place);
        }
        catch (FormatException exception)
        {
            throw PeftErrors.Invalid(Place, exception);
        }
    }

    /// <summary>Whether a key gives alpha, after a component's name or alone.</summary>
    public static bool IsAlphaKey(string key) => key == AlphaKey || key.EndsWith($".{AlphaKey}", StringComparison.Ordinal);

    private void Refuse(IReadOnlyDictionary<string, JsonElement> json)
    {
        if (Find(json, Prefix + InitKey) is { ValueKind: JsonValueKind.String } init
            && Array.Exists(BaseChanging, name => init.GetString()!.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
            throw PeftErrors.ChangesBase(Place, InitKey, init.GetString()!);

        foreach (string key in Variants)
        {
            if (Find(json, Prefix + key) is { } value && value.ValueKind != JsonValueKind.False && !(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0))
                throw PeftErrors.UnsupportedVariant(Place, key);
        }
    }

    private static PeftPatterns Patterns(IReadOnlyDictionary<string, JsonElement> json, string key) => Find(json, key) switch
    {
        null => new PeftPatterns([]),
        { ValueKind: JsonValueKind.Object } pattern => new PeftPatterns(pattern.EnumerateObject()
            .Select(property => KeyValuePair.Create(property.Name, NumberIn(property.Value, $"{key} of '{DisplayText.Of(property.Name)}'")))),
        { } other => throw Unusable(key, other, "names and numbers"),
    };

    private static double? Number(IReadOnlyDictionary<string, JsonElement> json, string key) => Find(json, key) is { } value ? NumberIn(value, key) : null;

    private static double NumberIn(JsonElement value, string key) =>
        PeftJson.Number(value) ?? throw Unusable(key, value, "a number");

    private static bool? Flag(IReadOnlyDictionary<string, JsonElement> json, string key) => Find(json, key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True or JsonValueKind.False } value => value.GetBoolean(),
        { } other => throw Unusable(key, other, "true or false"),
    };

    /// <summary>The value of a key; null where it is missing or null.</summary>
    private static JsonElement? Find(IReadOnlyDictionary<string, JsonElement> json, string key) =>
        json.TryGetValue(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static FormatException Unusable(string key, JsonElement value, string expected) =>
        new($"{key} is {DisplayText.Of(value.GetRawText())}, not {expected}");
}

/// <summary>The alpha that a configuration gives a layer.</summary>
/// <param name="Alpha">The numerator of the scale.</param>
/// <param name="Scale">The factor of ΔW.</param>
/// <param name="Place">How messages name the place of this setting.</param>
internal sealed record ConfiguredAlpha(double Alpha, double Scale, string Place);
