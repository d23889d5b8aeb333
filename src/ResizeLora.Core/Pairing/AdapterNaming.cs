using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>A style in which trainers name the tensors of a LoRA layer: the layer's name and a suffix.</summary>
/// <param name="UpSuffix">What follows the layer's name for B.</param>
/// <param name="DownSuffix">What follows the layer's name for A.</param>
/// <param name="AlphaSuffix">What follows the layer's name for alpha; null where a loader would stumble over one.</param>
internal sealed record AdapterNaming(string UpSuffix, string DownSuffix, string? AlphaSuffix)
{
    /// <summary>How alpha is called wherever there is one.</summary>
    public const string UsualAlphaSuffix = ".alpha";

    private static readonly AdapterNaming[] All =
    [
        // kohya's sd-scripts, LyCORIS, OneTrainer
        new(".lora_up.weight", ".lora_down.weight", UsualAlphaSuffix),

        // PEFT; the second with the adapter's name left in
        new(".lora_B.weight", ".lora_A.weight", UsualAlphaSuffix),
        new(".lora_B.default.weight", ".lora_A.default.weight", UsualAlphaSuffix),

        // diffusers before PEFT, from newer to older
        new(".lora.up.weight", ".lora.down.weight", UsualAlphaSuffix),
        new(".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight", UsualAlphaSuffix),
        new("_lora.up.weight", "_lora.down.weight", UsualAlphaSuffix),

        // cloneofsimo/lora numbers its layers; its loader takes any third key for a factor.
        new(":up", ":down", null),
    ];

    /// <summary>Finds the style of a factor's name; null if it is no name of a factor.</summary>
    public static FactorName? Parse(TensorInfo tensor)
    {
        foreach (AdapterNaming naming in All)
        {
            if (LayerOf(tensor.Name, naming.UpSuffix) is { } upLayer)
                return new FactorName(upLayer, naming, IsUp: true);
            if (LayerOf(tensor.Name, naming.DownSuffix) is { } downLayer)
                return new FactorName(downLayer, naming, IsUp: false);
        }

        return null;
    }

    public string? AlphaName(string layer) => AlphaSuffix is null ? null : layer + AlphaSuffix;

    private static string? LayerOf(string name, string suffix) =>
        name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : null;
}

/// <summary>The name of a factor, taken apart.</summary>
internal sealed record FactorName(string Layer, AdapterNaming Naming, bool IsUp);
