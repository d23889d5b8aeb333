using ResizeLora.Adapters;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

public class FusedLayersTests
{
    [Theory]
    [InlineData("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_")]
    [InlineData("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_")]
    [InlineData("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_")]
    [InlineData("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_")]
    [InlineData("base_model.model.transformer.transformer_blocks.3.attn.to_")]
    [InlineData("transformer.single_transformer_blocks.12.attn.to_")]
    [InlineData("transformer.transformer_blocks.3.attn2.to_")]
    [InlineData("lora_transformer_transformer_blocks_3_attn2_to_")]
    [InlineData("diffusion_model.blocks.7.self_attn.")]
    [InlineData("lora_unet_blocks_7_self_attn_")]
    [InlineData("transformer.blocks.7.attn1.to_")]
    public void Queries_keys_and_values_of_self_attention_are_fused(string parent) =>
        AssertGroups([$"{parent}k", $"{parent}out", $"{parent}q", $"{parent}v"], [0, 2, 3]);

    [Theory]
    [InlineData("lora_te1_text_model_encoder_layers_0_self_attn_{0}_proj")]
    [InlineData("text_encoder.text_model.encoder.layers.0.self_attn.{0}_proj")]
    [InlineData("transformer.transformer_blocks.3.attn.add_{0}_proj")]
    [InlineData("lora_unet_transformer_blocks_3_attn_add_{0}_proj")]
    public void Those_of_text_encoders_and_of_the_second_stream_are_fused(string name) =>
        AssertGroups([.. "kqv".Select(part => string.Format(null, name, part))], [0, 1, 2]);

    [Fact]
    public void The_two_streams_are_fused_apart() => AssertGroups(
        [
            "transformer.transformer_blocks.0.attn.add_k_proj", "transformer.transformer_blocks.0.attn.add_q_proj", "transformer.transformer_blocks.0.attn.add_v_proj",
            "transformer.transformer_blocks.0.attn.to_k", "transformer.transformer_blocks.0.attn.to_q", "transformer.transformer_blocks.0.attn.to_v",
        ],
        [0, 1, 2],
        [3, 4, 5]);

    [Theory]
    [InlineData("diffusion_model.blocks.7.cross_attn.")]
    [InlineData("lora_unet_blocks_7_cross_attn_")]
    [InlineData("transformer.blocks.7.attn2.to_")]
    [InlineData("lora_unet_blocks_7_attn2_to_")]
    [InlineData("transformer.blocks.7.attn2.processor.to_")]
    public void In_cross_attention_keys_and_values_are_fused_without_queries(string parent) =>
        AssertGroups([$"{parent}k", $"{parent}q", $"{parent}v"], [0, 2]);

    [Fact]
    public void Cross_attention_shows_by_the_width_of_its_input()
    {
        const string parent = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_";
        Assert.Equal([[0, 2]], Groups([Layer($"{parent}k", 2048), Layer($"{parent}q", 640), Layer($"{parent}v", 2048)]));
    }

    [Fact]
    public void Keys_and_values_of_an_image_are_fused() =>
        AssertGroups(["blocks.0.cross_attn.k", "blocks.0.cross_attn.k_img", "blocks.0.cross_attn.q", "blocks.0.cross_attn.v", "blocks.0.cross_attn.v_img"], [0, 3], [1, 4]);

    [Fact]
    public void Gates_are_fused_with_what_they_gate()
    {
        AssertGroups(["diffusion_model.layers.0.feed_forward.w1", "diffusion_model.layers.0.feed_forward.w2", "diffusion_model.layers.0.feed_forward.w3"], [0, 2]);
        AssertGroups(["text_encoder.layers.0.mlp.down_proj", "text_encoder.layers.0.mlp.gate_proj", "text_encoder.layers.0.mlp.up_proj"], [1, 2]);
    }

    [Fact]
    public void Layers_of_different_blocks_or_styles_are_not_fused() => AssertGroups(
        ["blocks.0.self_attn.q", "blocks.1.self_attn.k", "blocks.0.self_attn.to_v", "blocks.10.self_attn.v", "q", "to_k", "unet:0", "unet:1"]);

    private static void AssertGroups(string[] names, params int[][] expected) =>
        Assert.Equal(expected, Groups([.. names.Select(name => Layer(name, 64))]));

    private static int[][] Groups(AdapterLayer[] layers) => [.. FusedLayers.Groups(layers).Select(group => group.ToArray())];

    private static AdapterLayer Layer(string name, long columns) => SampleLayer.Lora(name, 64, columns, 4);
}
