using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>Kinds of adapter whose ΔW is not just up · down, known by a tensor that only they have.</summary>
/// <param name="Mark">What follows the layer's name in the name of that tensor.</param>
/// <param name="Reason">What the kind is called.</param>
internal sealed record OtherAdapterKind(string Mark, string Reason)
{
    private static readonly OtherAdapterKind[] All =
    [
        new(".lora_mid", "Tucker decomposition (lora_mid)"),
        new(".dora_scale", "DoRA (dora_scale)"),
        new(".lora_magnitude_vector", "DoRA (lora_magnitude_vector)"),
        new(".hada_", "LoHa (hada_*)"),
        new(".lokr_", "LoKr (lokr_*)"),
    ];

    /// <summary>Finds the kind that a tensor tells of; null for all other tensors.</summary>
    public static (string Layer, string Reason)? Parse(TensorInfo tensor)
    {
        foreach (OtherAdapterKind kind in All)
        {
            int position = tensor.Name.LastIndexOf(kind.Mark, StringComparison.Ordinal);
            if (position > 0)
                return (tensor.Name[..position], kind.Reason);
        }

        return null;
    }
}
