using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Names;

/// <summary>Adapter types that don't add a low-rank ΔW to the weight, recognised by the endings of their tensors' names.</summary>
/// <param name="Name">The name of the type.</param>
/// <param name="Endings">What follows the layer's name in the names of its tensors.</param>
/// <param name="Companion">The ending of a tensor that has a common name, and belongs to the type only next to the others.</param>
internal sealed record RefusedType(string Name, string[] Endings, string? Companion = null)
{
    private static readonly RefusedType[] All =
    [
        new("OFT (oft_blocks), which rotates the weight", [".oft_blocks", ".oft_diag", ".oft_R.weight", ".oft_R.*.weight", ".oft_R", ".oft_s"], ".rescale"),
        new("BOFT (boft_R), which rotates the weight", [".boft_R", ".boft_s", ".boft_R.weight", ".boft_s.weight", ".boft_R.*", ".boft_s.*"]),
        new("GLoRA (a1, a2, b1, b2), which multiplies the weight", [".a1.weight", ".a2.weight", ".b1.weight", ".b2.weight", ".am.weight", ".bm.weight"]),
        new("(IA)³ (ia3_l), which multiplies the weight", [".ia3_l", ".ia3_l.weight", ".ia3_l.*", ".on_input"], ".weight"),
    ];

    /// <summary>Finds the type that a tensor belongs to; null for all other tensors.</summary>
    public static (string Layer, RefusedType Type)? Parse(TensorInfo tensor)
    {
        foreach (RefusedType type in All)
        {
            foreach (string ending in type.Endings)
            {
                if (NameEnding.Split(tensor.Name, ending) is (string layer, _))
                    return (layer, type);
            }
        }

        return null;
    }
}
