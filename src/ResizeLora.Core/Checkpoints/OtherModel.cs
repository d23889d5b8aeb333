using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints.Families;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>What a file without LoRA layers is instead, judging by its tensors.</summary>
internal static class OtherModel
{
    /// <summary>The names that the vectors of an embedding have.</summary>
    private static readonly string[] Embeddings = ["emb_params", "clip_l", "clip_g", "t5xxl"];

    /// <summary>How tensors begin that only a ControlNet has.</summary>
    private static readonly string[] ControlNets =
        ["control_model.", "controlnet_", "input_hint_block.", "input_blocks_hint.", "zero_convs."];

    /// <summary>Tensors of the decoder of an autoencoder, as its authors, diffusers and Wan call them.</summary>
    private static readonly string[] Autoencoders =
        ["decoder.conv_in.weight", "decoder.conv_in.conv.weight", "decoder.conv1.weight", "decoder.conv_out.weight", "decoder.conv_out.conv.weight"];

    private static readonly string[] AutoencoderPrefixes = [string.Empty, "first_stage_model.", "vae."];

    /// <summary>More weights than a file that is not a model has by chance.</summary>
    private const int FewestWeights = 3;

    /// <summary>What it is, in a few words with the article; null if that is unknown.</summary>
    public static string? Describe(SafetensorsHeader header)
    {
        if (header.Tensors.Count > 0 && header.Tensors.All(tensor => Embeddings.Contains(tensor.Name, StringComparer.Ordinal)))
            return "an embedding (textual inversion)";

        if (header.Tensors.Any(tensor => Array.Exists(ControlNets, name => tensor.Name.StartsWith(name, StringComparison.Ordinal))))
            return "a ControlNet";

        var source = new CheckpointSource(string.Empty, [(0, header)]);
        if (ModelFamily.All.FirstOrDefault(family => family.Parts[0].Shows(source)) is { } family)
            return $"a checkpoint ({family.Name})";
        if (Array.Exists(AutoencoderPrefixes, prefix => Array.Exists(Autoencoders, name => header.Find(prefix + name) is not null)))
            return "a VAE";

        // Tensors that look like factors may be a LoRA with unknown names; but no model consists of such pairs alone.
        HashSet<TensorInfo> factors = [.. UnknownPairs.Find(header.Tensors).SelectMany(pair => new[] { pair.Up, pair.Down })];
        return header.Tensors.Count(tensor => tensor.Shape.Count >= 2 && tensor.Name.EndsWith(".weight", StringComparison.Ordinal) && !factors.Contains(tensor)) >= FewestWeights
            ? "a checkpoint or a part of one, such as a text encoder"
            : null;
    }
}
