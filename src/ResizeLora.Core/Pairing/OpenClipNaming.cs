using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>Renames the layers of a text encoder from OpenCLIP's names to those of Hugging Face, which adapters use.</summary>
internal static class OpenClipNaming
{
    private const string BlockPrefix = "transformer.resblocks.";
    private const string TextProjection = "text_projection";
    private const string FusedAttention = "attn.in_proj_weight";

    /// <summary>The parts of the fused weight, in the order of its rows.</summary>
    private static readonly string[] FusedParts = ["q", "k", "v"];

    private static readonly Dictionary<string, string> BlockLayers = new(StringComparer.Ordinal)
    {
        ["attn.out_proj.weight"] = "self_attn.out_proj",
        ["mlp.c_fc.weight"] = "mlp.fc1",
        ["mlp.c_proj.weight"] = "mlp.fc2",
    };

    /// <summary>The layers that a tensor holds, each with the path that adapters know it by.</summary>
    public static IEnumerable<(string Path, BaseLayer Layer)> Layers(string name, TensorInfo tensor)
    {
        // OpenCLIP multiplies from the left, x · P, where a linear layer multiplies by its transpose.
        if (string.Equals(name, TextProjection, StringComparison.Ordinal))
            return [(TextProjection, new BaseLayer(tensor, null, 0, tensor.Shape[0], Transposed: true))];

        if (!name.StartsWith(BlockPrefix, StringComparison.Ordinal))
            return [];

        string[] parts = name[BlockPrefix.Length..].Split('.', 2);
        string block = $"text_model.encoder.layers.{parts[0]}";
        string inner = parts[^1];
        if (string.Equals(inner, FusedAttention, StringComparison.Ordinal))
            return FusedLayers(block, tensor);

        return BlockLayers.TryGetValue(inner, out string? path)
            ? [($"{block}.{path}", new BaseLayer(tensor, null, 0, tensor.Shape[0], Transposed: false))]
            : [];
    }

    private static IEnumerable<(string Path, BaseLayer Layer)> FusedLayers(string block, TensorInfo tensor)
    {
        if (tensor.Shape[0] % FusedParts.Length != 0)
            return [];

        long rows = tensor.Shape[0] / FusedParts.Length;
        return FusedParts.Select((part, index) => (
            $"{block}.self_attn.{part}_proj",
            new BaseLayer(tensor, part, index * rows, rows, Transposed: false)));
    }
}
