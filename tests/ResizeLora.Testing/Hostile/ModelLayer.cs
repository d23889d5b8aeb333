namespace ResizeLora.Testing.Hostile;

/// <summary>A layer of a model in small: what adapters call it, and where its weight is in the checkpoint.</summary>
/// <param name="Name">What adapters call it.</param>
/// <param name="BaseName">The tensor in the checkpoint; null where there is none.</param>
/// <param name="Rows">Rows as the adapter sees them.</param>
/// <param name="Inner">Dimensions after the rows: input features, and the kernel of a convolution.</param>
/// <param name="BaseShape">The shape in the checkpoint.</param>
internal sealed record ModelLayer(string Name, string? BaseName, long Rows, IReadOnlyList<long> Inner, IReadOnlyList<long> BaseShape)
{
    private const string Clip = "conditioner.embedders.0.transformer.text_model.encoder.layers.0.";
    private const string OpenClip = "conditioner.embedders.1.model.";
    private const string Unet = "model.diffusion_model.";

    /// <summary>Linear layers, a convolution, a part of a fused weight, a transposed one, one without a base, one without a name.</summary>
    public static IReadOnlyList<ModelLayer> All { get; } =
    [
        new("lora_te1_text_model_encoder_layers_0_mlp_fc1", Clip + "mlp.fc1.weight", 12, [9], [12, 9]),
        new("lora_te1_text_model_encoder_layers_0_mlp_fc2", Clip + "mlp.fc2.weight", 9, [12], [9, 12]),
        new("base_model.model.unet.middle_block.1.proj_in", Unet + "middle_block.1.proj_in.weight", 10, [8], [10, 8]),
        new("lora_unet_input_blocks_1_0_in_layers_2", Unet + "input_blocks.1.0.in_layers.2.weight", 6, [4, 3, 3], [6, 4, 3, 3]),
        new("lora_te2_text_model_encoder_layers_0_self_attn_k_proj", OpenClip + "transformer.resblocks.0.attn.in_proj_weight", 5, [7], [15, 7]),
        new("text_encoder_2.text_projection", OpenClip + "text_projection", 5, [7], [7, 5]),
        new("lora_unet_output_blocks_9_1_proj_out", null, 4, [6], []),
        new("unet:0", null, 7, [3], []),
    ];
}
