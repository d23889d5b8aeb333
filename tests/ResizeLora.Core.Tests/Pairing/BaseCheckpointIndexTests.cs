using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Pairing;

namespace ResizeLora.Core.Tests.Pairing;

public class BaseCheckpointIndexTests
{
    private const string CheckpointPath = "base.safetensors";
    private const string AdapterPath = "style.safetensors";
    private const string Unet = "model.diffusion_model.";
    private const string ClipG = "conditioner.embedders.1.model.";

    [Fact]
    public void A_name_of_two_base_layers_finds_none()
    {
        BaseCheckpointIndex index = Index((Unet + "a.b_c.weight", [8, 6]), (Unet + "a_b.c.weight", [8, 6]), (Unet + "d.weight", [8, 6]));

        Assert.Null(index.Find("lora_unet_a_b_c"));
        Assert.NotNull(index.Find("lora_unet_d"));
        LayerPair pair = Pair(index, "lora_unet_a_b_c", 8, 6);
        Assert.Null(pair.BaseLayer);
        Assert.Equal($"could mean '{Unet}a.b_c.weight' or '{Unet}a_b.c.weight'", pair.Problem);
    }

    [Theory]
    [InlineData("diffusion_model.a.b_c", "a.b_c")]
    [InlineData("diffusion_model.a_b.c", "a_b.c")]
    [InlineData("lora_unet.a_b.c", "a_b.c")]
    [InlineData("a.b_c", "a.b_c")]
    [InlineData("lora_unet_a_b_c", null)]
    [InlineData("diffusion_model.a.b.c", null)]
    public void A_name_with_points_is_the_layer_that_has_them_in_the_same_places(string name, string? expected)
    {
        BaseCheckpointIndex index = Index((Unet + "a.b_c.weight", [8, 6]), (Unet + "a_b.c.weight", [8, 6]));

        Assert.Equal(expected is null ? null : $"{Unet}{expected}.weight", index.Find(name)?.Name);
        Assert.Equal(expected is null ? null : $"{Unet}{expected}.weight", Pair(index, name, 8, 6).BaseLayer?.Name);
    }

    [Theory]
    [InlineData(8, 6, true)]
    [InlineData(6, 8, false)]
    [InlineData(8, 12, false)]
    [InlineData(16, 6, false)]
    public void Shapes_must_agree(long rows, long columns, bool agree)
    {
        BaseCheckpointIndex index = Index((Unet + "a.weight", [8, 6]));
        if (agree)
        {
            Assert.Equal(Unet + "a.weight", Pair(index, "lora_unet_a", rows, columns).BaseLayer?.Name);
            return;
        }

        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => Pair(index, "lora_unet_a", rows, columns));
        Assert.Equal("ShapeMismatch", error.ErrorId);
        Assert.Equal(FaultKind.InvalidData, error.Kind);
        AssertNames(error, AdapterPath, CheckpointPath, "lora_unet_a", Unet + "a.weight", $"{rows} x {columns}", "8 x 6", "right checkpoint");
    }

    [Fact]
    public void A_convolution_is_compared_flattened()
    {
        BaseCheckpointIndex index = Index((Unet + "a.weight", [8, 6, 3, 3]));

        Assert.NotNull(Pair(index, "lora_unet_a", 8, 54).BaseLayer);
        Assert.Throws<ResizeLoraException>(() => Pair(index, "lora_unet_a", 8, 6));
    }

    [Fact]
    public void A_transposed_weight_is_compared_transposed()
    {
        BaseCheckpointIndex index = Index((ClipG + "text_projection", [8, 6]));

        Assert.NotNull(Pair(index, "lora_te2_text_projection", 6, 8).BaseLayer);
        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => Pair(index, "lora_te2_text_projection", 8, 6));
        AssertNames(error, "is 6 x 8", "[8, 6]");
    }

    [Fact]
    public void A_part_of_a_fused_weight_is_compared_alone()
    {
        BaseCheckpointIndex index = Index((ClipG + "transformer.resblocks.0.attn.in_proj_weight", [12, 6]));
        const string name = "lora_te2_text_model_encoder_layers_0_self_attn_v_proj";

        Assert.Equal(8, Pair(index, name, 4, 6).BaseLayer!.Pieces[0].First);
        Assert.Throws<ResizeLoraException>(() => Pair(index, name, 12, 6));
    }

    [Fact]
    public void A_weight_that_is_no_three_thirds_is_not_split()
    {
        BaseCheckpointIndex index = Index((ClipG + "transformer.resblocks.0.attn.in_proj_weight", [13, 6]));

        Assert.Null(index.Find("lora_te2_text_model_encoder_layers_0_self_attn_q_proj"));
    }

    [Fact]
    public void In_the_wrong_checkpoint_nothing_is_found()
    {
        var index = new BaseCheckpointIndex(KeyList.Header("sdxl_lora_kohya_down_blocks"), CheckpointPath);
        AdapterContents contents = AdapterContents.Read(KeyList.Header("sdxl_lora_onetrainer"), AdapterPath);

        Assert.False(new AdapterPairs(contents.Layers, AdapterPath, index).Any);
    }

    [Fact]
    public void Empty_weights_and_weights_of_other_dimensions_than_two_to_five_are_ignored()
    {
        BaseCheckpointIndex index = Index(
            (Unet + "empty.weight", [0, 6]),
            (Unet + "norm.weight", [8]),
            (Unet + "beyond.weight", [8, 6, 3, 3, 3, 3]),
            (Unet + "video.weight", [8, 6, 3, 3, 3]),
            (Unet + "audio.weight", [8, 6, 3]),
            (Unet + "linear.bias", [8, 6]));

        Assert.All(["empty", "norm", "beyond", "linear", "linear_bias"], name => Assert.Null(index.Find("lora_unet_" + name)));
        Assert.Equal([18, 162], new[] { "audio", "video" }.Select(name => index.Find("lora_unet_" + name)!.Columns));
    }

    /// <summary>SD 1.5 has two samplers more and no attention in the last blocks: the same rules must number it.</summary>
    [Fact]
    public void Levels_end_at_samplers_wherever_these_are()
    {
        BaseCheckpointIndex index = Index(
            (Unet + "input_blocks.0.0.weight", [8, 4, 3, 3]),
            (Unet + "input_blocks.1.0.in_layers.2.weight", [8, 8, 3, 3]),
            (Unet + "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight", [8, 8]),
            (Unet + "input_blocks.2.0.op.weight", [8, 8, 3, 3]),
            (Unet + "input_blocks.3.0.in_layers.2.weight", [8, 8, 3, 3]),
            (Unet + "output_blocks.0.0.in_layers.2.weight", [8, 8, 3, 3]),
            (Unet + "output_blocks.0.1.conv.weight", [8, 8, 3, 3]),
            (Unet + "output_blocks.1.0.in_layers.2.weight", [8, 8, 3, 3]),
            (Unet + "output_blocks.1.1.transformer_blocks.0.attn1.to_q.weight", [8, 8]));

        Assert.Equal(Unet + "input_blocks.3.0.in_layers.2.weight", index.Find("unet.down_blocks.1.resnets.0.conv1")?.Name);
        Assert.Equal(Unet + "input_blocks.2.0.op.weight", index.Find("unet.down_blocks.0.downsamplers.0.conv")?.Name);
        Assert.Equal(Unet + "output_blocks.0.1.conv.weight", index.Find("unet.up_blocks.0.upsamplers.0.conv")?.Name);
        Assert.Equal(Unet + "output_blocks.1.1.transformer_blocks.0.attn1.to_q.weight", index.Find("unet.up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q")?.Name);
    }

    [Fact]
    public void Past_a_missing_block_no_name_is_derived()
    {
        BaseCheckpointIndex index = Index(
            (Unet + "output_blocks.0.0.in_layers.2.weight", [8, 8, 3, 3]),
            (Unet + "output_blocks.2.0.in_layers.2.weight", [8, 8, 3, 3]));

        Assert.NotNull(index.Find("unet.up_blocks.0.resnets.0.conv1"));
        Assert.Null(index.Find("unet.up_blocks.0.resnets.1.conv1"));
        Assert.NotNull(index.Find("lora_unet_output_blocks_2_0_in_layers_2"));
    }

    private static BaseCheckpointIndex Index(params (string Name, long[] Shape)[] tensors) =>
        new(HeaderBuilder.Of(tensors), CheckpointPath);

    private static LayerPair Pair(BaseCheckpointIndex index, string name, long rows, long columns)
    {
        IReadOnlyList<AdapterLayer> layers =
            AdapterContents.Read(HeaderBuilder.Of((name + ".lora_up.weight", [rows, 2]), (name + ".lora_down.weight", [2, columns])), AdapterPath).Layers;
        return new AdapterPairs(layers, AdapterPath, index).Of(layers[0]);
    }

    private static void AssertNames(ResizeLoraException error, params string[] texts) =>
        Assert.All(texts, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
}
