using ResizeLora.Adapters.Types;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Names;

/// <summary>The names of tensors outside a plain pair of factors: a layer's name, and an ending that shows their role.</summary>
internal static class TensorPart
{
    private static readonly (string Ending, TensorRole Role)[] All =
    [
        // LyCORIS, and what has taken over its names
        (".lora_mid.weight", TensorRole.Mid),
        (".diff", TensorRole.Diff),
        (".hada_w1_a", TensorRole.HadaW1A),
        (".hada_w1_b", TensorRole.HadaW1B),
        (".hada_t1", TensorRole.HadaT1),
        (".hada_w2_a", TensorRole.HadaW2A),
        (".hada_w2_b", TensorRole.HadaW2B),
        (".hada_t2", TensorRole.HadaT2),
        (".lokr_w1", TensorRole.LokrW1),
        (".lokr_w1_a", TensorRole.LokrW1A),
        (".lokr_w1_b", TensorRole.LokrW1B),
        (".lokr_w2", TensorRole.LokrW2),
        (".lokr_w2_a", TensorRole.LokrW2A),
        (".lokr_w2_b", TensorRole.LokrW2B),
        (".lokr_t2", TensorRole.LokrT2),
        (".dora_scale", TensorRole.DoraScale),

        // PEFT, from newer to older; the last two with the adapter's name left in
        (".lora_magnitude_vector.weight", TensorRole.MagnitudeVector),
        (".lora_magnitude_vector", TensorRole.MagnitudeVector),
        (".lora_magnitude_vector.*.weight", TensorRole.MagnitudeVector),
        (".lora_magnitude_vector.*", TensorRole.MagnitudeVector),
    ];

    /// <summary>Finds the role of a tensor; null if its name does not show it.</summary>
    public static (string Layer, TensorRole Role)? Parse(TensorInfo tensor)
    {
        foreach ((string ending, TensorRole role) in All)
        {
            if (NameEnding.Split(tensor.Name, ending) is (string layer, _))
                return role == TensorRole.Diff && tensor.Shape.Count < 2 ? null : (layer, role);
        }

        return null;
    }
}
