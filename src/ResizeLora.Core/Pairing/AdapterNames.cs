namespace ResizeLora.Pairing;

/// <summary>What a layer is called, whatever the style: the component, and its path in there with '_' for every '.'.</summary>
internal readonly record struct LayerKey(AdapterComponent Component, string FlatPath)
{
    /// <summary>The key of a dotted or flat path.</summary>
    public static LayerKey Of(AdapterComponent component, string path) => new(component, path.Replace('.', '_'));
}

/// <summary>Brings the layer names of all trainers to one form. The only place that knows their prefixes and spellings.</summary>
internal static class AdapterNames
{
    /// <summary>PEFT's wrapper stands before or after the component's prefix.</summary>
    private const string PeftPrefix = "base_model.model.";

    private static readonly (string Prefix, AdapterComponent Component)[] Prefixes =
    [
        // kohya, and OneTrainer with the dots of the model's own names
        ("lora_unet_", AdapterComponent.Unet),
        ("lora_unet.", AdapterComponent.Unet),
        ("lora_te_", AdapterComponent.TextEncoder1),
        ("lora_te.", AdapterComponent.TextEncoder1),
        ("lora_te1_", AdapterComponent.TextEncoder1),
        ("lora_te1.", AdapterComponent.TextEncoder1),
        ("lora_te2_", AdapterComponent.TextEncoder2),
        ("lora_te2.", AdapterComponent.TextEncoder2),

        // diffusers, and cloneofsimo with a number instead of a path
        ("unet.", AdapterComponent.Unet),
        ("unet:", AdapterComponent.Unet),
        ("text_encoder.", AdapterComponent.TextEncoder1),
        ("text_encoder:", AdapterComponent.TextEncoder1),
        ("text_encoder_2.", AdapterComponent.TextEncoder2),

        // denoising networks that are no U-Net, and ComfyUI's name for any of them
        ("transformer.", AdapterComponent.Unet),
        ("diffusion_model.", AdapterComponent.Unet),
    ];

    /// <summary>Names without a prefix are told by where they begin.</summary>
    private static readonly Dictionary<string, AdapterComponent> Roots = new(StringComparer.Ordinal)
    {
        ["down_blocks"] = AdapterComponent.Unet,
        ["mid_block"] = AdapterComponent.Unet,
        ["up_blocks"] = AdapterComponent.Unet,
        ["conv_in"] = AdapterComponent.Unet,
        ["conv_out"] = AdapterComponent.Unet,
        ["time_embedding"] = AdapterComponent.Unet,
        ["add_embedding"] = AdapterComponent.Unet,

        // A text encoder, but which one can't be told.
        ["text_model"] = AdapterComponent.Unknown,
    };

    /// <summary>Old spellings of the last parts of a path, and what the model calls them.</summary>
    private static readonly (string Old, string New)[] Spellings =
    [
        (".processor.to_q", ".to_q"),
        (".processor.to_k", ".to_k"),
        (".processor.to_v", ".to_v"),
        (".processor.to_out", ".to_out.0"),
        (".self_attn.to_q", ".self_attn.q_proj"),
        (".self_attn.to_k", ".self_attn.k_proj"),
        (".self_attn.to_v", ".self_attn.v_proj"),
        (".self_attn.to_out", ".self_attn.out_proj"),
    ];

    /// <summary>The component that a layer belongs to, as far as its name tells.</summary>
    public static AdapterComponent ComponentOf(string layer) => Split(layer).Component;

    /// <summary>The normalised name of a layer.</summary>
    public static LayerKey KeyOf(string layer)
    {
        (AdapterComponent component, string path) = Split(layer);
        return LayerKey.Of(component, Respell(path));
    }

    private static (AdapterComponent Component, string Path) Split(string layer)
    {
        string name = WithoutPeftPrefix(layer);
        foreach ((string prefix, AdapterComponent component) in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return (component, WithoutPeftPrefix(name[prefix.Length..]));
        }

        // A bare name in PEFT's wrapper is what diffusers' scripts train by default: the denoising network.
        AdapterComponent otherwise = name.Length < layer.Length ? AdapterComponent.Unet : AdapterComponent.Unknown;
        return (Roots.GetValueOrDefault(name.Split('.')[0], otherwise), name);
    }

    private static string WithoutPeftPrefix(string name) =>
        name.StartsWith(PeftPrefix, StringComparison.Ordinal) ? name[PeftPrefix.Length..] : name;

    private static string Respell(string path)
    {
        foreach ((string old, string current) in Spellings)
        {
            if (path.EndsWith(old, StringComparison.Ordinal))
                return string.Concat(path.AsSpan(0, path.Length - old.Length), current);
        }

        return path;
    }
}
