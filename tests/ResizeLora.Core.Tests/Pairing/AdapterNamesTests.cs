using ResizeLora.Adapters.Names;

namespace ResizeLora.Core.Tests.Pairing;

public class AdapterNamesTests
{
    [Theory]
    [InlineData("lora_unet_input_blocks_4_1_proj_in", AdapterComponent.Unet)]
    [InlineData("lora_unet.down_blocks.1.attentions.0.proj_in", AdapterComponent.Unet)]
    [InlineData("unet.down_blocks.1.attentions.0.proj_in", AdapterComponent.Unet)]
    [InlineData("unet:0", AdapterComponent.Unet)]
    [InlineData("down_blocks.1.attentions.0.proj_in", AdapterComponent.Unet)]
    [InlineData("mid_block.attentions.0.proj_in", AdapterComponent.Unet)]
    [InlineData("up_blocks.1.attentions.0.proj_in", AdapterComponent.Unet)]
    [InlineData("conv_in", AdapterComponent.Unet)]
    [InlineData("conv_out", AdapterComponent.Unet)]
    [InlineData("time_embedding.linear_1", AdapterComponent.Unet)]
    [InlineData("add_embedding.linear_1", AdapterComponent.Unet)]
    [InlineData("base_model.model.single_blocks.0", AdapterComponent.Unet)]
    [InlineData("transformer.single_blocks.0", AdapterComponent.Unet)]
    [InlineData("diffusion_model.input_blocks.4.1.proj_in", AdapterComponent.Unet)]
    [InlineData("lora_te_text_model_encoder_layers_0_mlp_fc1", AdapterComponent.TextEncoder1)]
    [InlineData("lora_te.text_model.encoder", AdapterComponent.TextEncoder1)]
    [InlineData("lora_te1_text_model_encoder_layers_0_mlp_fc1", AdapterComponent.TextEncoder1)]
    [InlineData("lora_te1.text_model.encoder", AdapterComponent.TextEncoder1)]
    [InlineData("text_encoder.text_model.encoder.layers.0.mlp.fc1", AdapterComponent.TextEncoder1)]
    [InlineData("text_encoder:0", AdapterComponent.TextEncoder1)]
    [InlineData("base_model.model.text_encoder.text_model", AdapterComponent.TextEncoder1)]
    [InlineData("lora_te2_text_projection", AdapterComponent.TextEncoder2)]
    [InlineData("lora_te2.text_projection", AdapterComponent.TextEncoder2)]
    [InlineData("text_encoder_2.text_projection", AdapterComponent.TextEncoder2)]
    [InlineData("text_encoder_2.base_model.model.text_projection", AdapterComponent.TextEncoder2)]
    [InlineData("base_model.model.text_model.encoder.layers.0", AdapterComponent.Unknown)]
    [InlineData("text_model.encoder.layers.0", AdapterComponent.Unknown)]
    [InlineData("lora_te3_encoder", AdapterComponent.TextEncoder3)]
    [InlineData("text_encoder_3.encoder", AdapterComponent.TextEncoder3)]
    [InlineData("text_encoders.t5xxl.transformer.encoder", AdapterComponent.TextEncoder3)]
    [InlineData("clip_g.text_model", AdapterComponent.TextEncoder2)]
    [InlineData("lora_transformer_single_transformer_blocks_0_proj_mlp", AdapterComponent.Unet)]
    [InlineData("lycoris_transformer_blocks_0_attn_to_q", AdapterComponent.Unet)]
    [InlineData("double_blocks.0.processor.qkv_lora1", AdapterComponent.Unet)]
    [InlineData("down_blocks_1", AdapterComponent.Unknown)]
    [InlineData("something", AdapterComponent.Unknown)]
    [InlineData("", AdapterComponent.Unknown)]
    public void The_component_shows_in_the_name(string layer, AdapterComponent expected) =>
        Assert.Equal(expected, AdapterNames.ComponentOf(layer));

    [Theory]
    [InlineData("unet.a.attn1.processor.to_k", "a_attn1_to_k")]
    [InlineData("unet.a.attn1.processor.to_out", "a_attn1_to_out_0")]
    [InlineData("unet.a.attn1.to_out", "a_attn1_to_out")]
    [InlineData("base_model.model.unet.a.b", "a_b")]
    [InlineData("unet.base_model.model.a.b", "a_b")]
    public void Spellings_become_one(string layer, string expected) =>
        Assert.Equal(new LayerKey(AdapterComponent.Unet, expected), AdapterNames.KeyOf(layer));

    [Theory]
    [InlineData("lora_unet_a", "kohya")]
    [InlineData("lora_te2.a", "OneTrainer")]
    [InlineData("unet.a", "diffusers")]
    [InlineData("base_model.model.unet.a", "PEFT")]
    [InlineData("base_model.model.a", "PEFT")]
    [InlineData("diffusion_model.a", "ComfyUI")]
    [InlineData("unet:0", "cloneofsimo")]
    [InlineData("double_blocks.0.a", "bare paths")]
    [InlineData("a", "no known style")]
    public void The_style_shows_in_the_name(string layer, string style) => Assert.Equal(style, AdapterNames.StyleOf(layer));
}
