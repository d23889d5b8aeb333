using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>What only the whole file tells of a layer.</summary>
public class AdapterPairsTests
{
    private const string AdapterPath = "style.safetensors";
    private const string Unet = "model.diffusion_model.";

    /// <summary>A control LoRA gives the first layer more inputs than the base has.</summary>
    [Theory]
    [InlineData("flux_checkpoint_singlefile", "img_in", "model.diffusion_model.img_in.weight")]
    [InlineData("flux_checkpoint_diffusers", "img_in", "x_embedder.weight")]
    [InlineData("flux_checkpoint_diffusers", "x_embedder", "x_embedder.weight")]
    public void One_layer_of_another_size_is_an_exception(string model, string changed, string baseLayer)
    {
        // The other layers are bare names of the original, as Black Forest Labs writes them.
        IEnumerable<(string Name, long Rows, long Columns)> blocks = Enumerable.Range(0, 19).SelectMany(n => new[]
        {
            ($"double_blocks.{n}.img_attn.qkv", 9216L, 3072L),
            ($"double_blocks.{n}.txt_mlp.2", 3072L, 12288L),
        });
        AdapterLayer[] layers = Layers([.. blocks, (changed, 3072, 128)]);
        AdapterPairs pairs = Pair(ModelSample.Of(model).Index, layers);

        LayerPair pair = pairs.Of(layers.Single(layer => layer.Name == changed));
        Assert.Null(pair.BaseLayer);
        Assert.Equal($"the sizes differ: 3072 x 128, but '{baseLayer}' is 3072 x 64", pair.Problem);
        Assert.All(layers.Where(layer => layer.Name != changed), layer => Assert.NotNull(pairs.Of(layer).BaseLayer));
    }

    /// <summary>Of few layers, one of another size is an exception as long as no more disagree than agree.</summary>
    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 1, false)]
    [InlineData(2, 2, true)]
    [InlineData(3, 1, false)]
    [InlineData(4, 2, false)]
    [InlineData(4, 3, true)]
    [InlineData(5, 2, false)]
    [InlineData(5, 3, true)]
    public void Most_layers_of_another_size_are_the_wrong_checkpoint(int count, int different, bool isWrong)
    {
        // Names without numbers: each layer is a kind of its own.
        string[] names = [.. "abcde".Take(count).Select(letter => letter.ToString())];
        BaseCheckpointIndex index = Index([.. names.Select(name => (Unet + name + ".weight", new long[] { 8, 6 }))]);
        AdapterLayer[] layers = Layers([.. names.Select((name, i) => ($"lora_unet_{name}", 8L, i < different ? 7L : 6L))]);
        if (!isWrong)
        {
            Assert.Equal(different, layers.Count(layer => Pair(index, layers).Of(layer).Problem is not null));
            return;
        }

        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => Pair(index, layers));
        Assert.Equal(("ShapeMismatch", FaultKind.InvalidData), (error.ErrorId, error.Kind));
        Assert.All([AdapterPath, "base.safetensors", "lora_unet_a", "8 x 7", "8 x 6", $"{different} of {count} layers"], text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }

    /// <summary>Most layers of SD 1.x and SD 2.x have one size; but the keys and values of cross-attention never do.</summary>
    [Theory]
    [InlineData("sd15_lora_kohya", "sd2_checkpoint_singlefile")]
    [InlineData("sd15_lora_kohya", "sdxl_checkpoint_singlefile")]
    [InlineData("sdxl_lora_kohya_input_blocks", "sd15_checkpoint_singlefile")]
    [InlineData("sdxl_lora_kohya_input_blocks", "sd2_checkpoint_singlefile")]
    public void A_layer_that_differs_in_every_block_is_the_wrong_checkpoint(string list, string model)
    {
        AdapterContents contents = AdapterContents.Read(KeyList.Header(list), AdapterPath);
        AdapterLayer[] unet = [.. contents.Layers.Where(layer => layer.Name.StartsWith("lora_unet_", StringComparison.Ordinal))];

        Assert.Equal("ShapeMismatch", Assert.Throws<ResizeLoraException>(() => Pair(ModelSample.Of(model).Index, [.. contents.Layers])).ErrorId);
        Assert.Equal("ShapeMismatch", Assert.Throws<ResizeLoraException>(() => Pair(ModelSample.Of(model).Index, unet)).ErrorId);
    }

    /// <summary>Which layers are worked on does not matter: all were looked at.</summary>
    [Fact]
    public void Two_of_three_blocks_may_differ()
    {
        BaseCheckpointIndex index = Index([.. Enumerable.Range(0, 6).Select(n => ($"{Unet}blocks.{n}.a.weight", new long[] { 8, 6 }))]);
        AdapterLayer[] layers = Layers([.. Enumerable.Range(0, 6).Select(n => ($"lora_unet_blocks_{n}_a", 8L, n < 3 ? 7L : 6L))]);

        Assert.Equal(3, layers.Count(layer => Pair(index, layers).Of(layer).BaseLayer is not null));
    }

    [Fact]
    public void A_name_of_two_layers_is_decided_by_size_where_only_one_has_it()
    {
        BaseCheckpointIndex index = Index((Unet + "a.b_c.weight", [8, 6]), (Unet + "a_b.c.weight", [8, 7]));
        AdapterLayer[] layers = Layers(("lora_unet_a_b_c", 8, 7));

        Assert.Equal(Unet + "a_b.c.weight", Pair(index, layers).Of(layers[0]).BaseLayer?.Name);
    }

    [Theory]
    [InlineData("img_in", 3072, 64, AdapterComponent.Unet)]
    [InlineData("final_layer.linear", 64, 3072, AdapterComponent.Unet)]
    [InlineData("vector_in.in_layer", 3072, 768, AdapterComponent.Unet)]
    [InlineData("nothing.like.it", 8, 6, AdapterComponent.Unknown)]
    public void The_component_follows_from_the_pair_where_the_name_is_silent(string name, long rows, long columns, AdapterComponent expected)
    {
        AdapterLayer[] layers = Layers((name, rows, columns));

        Assert.Equal(AdapterComponent.Unknown, AdapterNames.ComponentOf(name));
        Assert.Equal(expected, Pair(ModelSample.Of("flux_checkpoint_singlefile").Index, layers).Of(layers[0]).Component);
    }

    /// <summary>PEFT's wrapper says nothing of the part.</summary>
    [Theory]
    [InlineData("base_model.model.encoder.block.0.layer.0.SelfAttention.q", AdapterComponent.TextEncoder2)]
    [InlineData("base_model.model.base_model.model.encoder.block.0.layer.0.SelfAttention.q", AdapterComponent.TextEncoder2)]
    [InlineData("t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q", AdapterComponent.TextEncoder3)]
    [InlineData("base_model.model.double_blocks.0.img_attn.qkv", AdapterComponent.Unet)]
    [InlineData("base_model.model.base_model.model.double_blocks.0.img_attn.qkv", AdapterComponent.Unet)]
    [InlineData("dit.double_blocks.0.img_attn.qkv", AdapterComponent.Unet)]
    [InlineData("base_model.model.nothing.like.it", AdapterComponent.Unet)]
    public void A_wrapped_name_is_of_the_part_that_has_it(string name, AdapterComponent expected)
    {
        BaseCheckpointIndex index = Index(
            (Unet + "double_blocks.0.img_attn.qkv.weight", [24, 8]), (Unet + "single_blocks.0.linear1.weight", [56, 8]), (Unet + "vector_in.in_layer.weight", [8, 8]),
            ("text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q.weight", [24, 8]));
        AdapterLayer[] layers = Layers((name, 24, 8));

        LayerPair pair = Pair(index, layers).Of(layers[0]);

        Assert.Equal((!name.Contains("nothing", StringComparison.Ordinal), expected), (pair.BaseLayer is not null, pair.Component));
    }

    [Theory]
    [InlineData("lora_prior_unet_a", AdapterComponent.Unet)]
    [InlineData("base_model.model.a", AdapterComponent.Unet)]
    public void Prefixes_of_models_of_no_family_are_known(string name, AdapterComponent expected)
    {
        AdapterLayer[] layers = Layers((name, 8, 6));

        Assert.Equal((Unet + "a.weight", expected), (Pair(Index((Unet + "a.weight", [8, 6])), layers).Of(layers[0]) is var pair ? pair.BaseLayer?.Name : null, pair.Component));
    }

    /// <summary>A few weights that can't be read are as if they were not there; most of them are an error.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void Layers_on_weights_that_can_not_be_read_have_no_partner(int unreadable, bool isError)
    {
        var header = new HeaderBuilder();
        for (int i = 0; i < 4; i++)
            header.Add($"{Unet}{"abcd"[i]}.weight", [8, 6], i < unreadable ? SafetensorsDType.I8 : SafetensorsDType.F16);
        AdapterLayer[] layers = Layers(("lora_unet_a", 8, 6), ("lora_unet_b", 8, 6), ("lora_unet_c", 8, 6), ("lora_unet_d", 8, 6));
        AdapterPairs pairs = Pair(new BaseCheckpointIndex(header.Build(), "base.safetensors"), layers);

        Assert.NotNull(pairs.Of(layers[3]).BaseLayer);
        if (isError)
        {
            Assert.Equal("UnsupportedQuantization", Assert.Throws<ResizeLoraException>(() => pairs.Of(layers[0])).ErrorId);
            return;
        }

        Assert.Equal((null, $"'{Unet}a.weight' is quantised in an unknown way (I8 without scales), which can't be read"), (pairs.Of(layers[0]).BaseLayer, pairs.Of(layers[0]).Problem));
    }

    /// <summary>PEFT saves a text encoder under names that do not tell which one it is.</summary>
    [Theory]
    [InlineData("sd15_checkpoint_singlefile", 768, AdapterComponent.TextEncoder1)]
    [InlineData("sdxl_checkpoint_singlefile", 768, AdapterComponent.TextEncoder1)]
    [InlineData("sdxl_checkpoint_singlefile", 1280, AdapterComponent.TextEncoder2)]
    [InlineData("sd3_checkpoint_singlefile", 1280, AdapterComponent.TextEncoder2)]
    [InlineData("flux_checkpoint_diffusers", 768, AdapterComponent.Unknown)]
    public void A_text_encoder_without_a_number_is_known_by_its_size(string model, long size, AdapterComponent expected)
    {
        AdapterLayer[] layers = Layers(("base_model.model.text_model.encoder.layers.3.self_attn.k_proj", size, size));

        LayerPair pair = Pair(ModelSample.Of(model).Index, layers).Of(layers[0]);

        Assert.Equal((expected != AdapterComponent.Unknown, expected), (pair.BaseLayer is not null, pair.Component));
    }

    [Theory]
    [InlineData("hunyuan_video_comfyui_checkpoint_singlefile", "transformer.double_blocks.1.img_attn_qkv", "model.model.double_blocks.1.img_attn.qkv.weight")]
    [InlineData("hunyuan_video_comfyui_checkpoint_singlefile", "lora_unet_double_blocks_1_img_mlp_fc1", "model.model.double_blocks.1.img_mlp.0.weight")]
    [InlineData("hunyuan_video_comfyui_checkpoint_singlefile", "transformer.single_transformer_blocks.0.proj_mlp", "model.model.single_blocks.0.linear1.weight[9216:21504]")]
    [InlineData("hunyuan_video_checkpoint_singlefile", "diffusion_model.double_blocks.1.img_mlp.0", "double_blocks.1.img_mlp.fc1.weight")]
    [InlineData("wan21_1_3b_checkpoint", "lora_unet__blocks_3_cross_attn_k", "blocks.3.cross_attn.k.weight")]
    [InlineData("wan21_1_3b_checkpoint", "pipe.dit.blocks.3.self_attn.o", "blocks.3.self_attn.o.weight")]
    [InlineData("sdxl_checkpoint_singlefile", "lora_unet_unet_down_blocks_1_attentions_0_proj_in", "model.diffusion_model.input_blocks.4.1.proj_in.weight")]
    [InlineData("sdxl_checkpoint_singlefile", "unet.unet.down_blocks.1.attentions.0.proj_in", "model.diffusion_model.input_blocks.4.1.proj_in.weight")]
    [InlineData("anima_checkpoint_singlefile", "lora_te_layers_1_mlp_up_proj", "model.layers.1.mlp.up_proj.weight")]
    [InlineData("anima_checkpoint_singlefile", "text_encoders.qwen3_06b.transformer.model.layers.1.mlp.up_proj", "model.layers.1.mlp.up_proj.weight")]
    [InlineData("anima_checkpoint_singlefile", "text_conditioner.blocks.0.mlp.2", "net.llm_adapter.blocks.0.mlp.2.weight")]
    [InlineData("anima_checkpoint_singlefile", "lora_unet_llm_adapter_blocks_0_cross_attn_o_proj", "net.llm_adapter.blocks.0.cross_attn.o_proj.weight")]
    [InlineData("krea2_checkpoint_singlefile", "base_model.model.blocks.1.attn.wk", "blocks.1.attn.wk.weight")]
    [InlineData("krea2_checkpoint_singlefile", "lycoris_transformer_blocks_1_attn_to_qkv", "blocks.1.attn.wq.weight + blocks.1.attn.wk.weight + blocks.1.attn.wv.weight")]
    [InlineData("lumina2_checkpoint_singlefile", "transformer.layers.1.attn.to_k", "model.diffusion_model.layers.1.attention.qkv.weight[2304:3072]")]
    [InlineData("flux2_checkpoint_diffusers", "lora_unet_final_layer_adaLN_modulation_1", "norm_out.linear.weight[6144:12288] + norm_out.linear.weight[0:6144]")]
    public void Names_that_trainers_use(string model, string layer, string expected) => Assert.Equal(expected, ModelSample.Of(model).Index.Find(layer)?.Name);

    private static BaseCheckpointIndex Index(params (string Name, long[] Shape)[] tensors) => new(HeaderBuilder.Of(tensors), "base.safetensors");

    private static AdapterLayer[] Layers(params (string Name, long Rows, long Columns)[] layers) =>
    [
        .. AdapterContents.Read(
            HeaderBuilder.Of([.. layers.SelectMany(layer => new[] { ($"{layer.Name}.lora_B.weight", new[] { layer.Rows, 2 }), ($"{layer.Name}.lora_A.weight", new[] { 2, layer.Columns }) })]),
            AdapterPath).Layers,
    ];

    private static AdapterPairs Pair(BaseCheckpointIndex index, AdapterLayer[] layers) => new(layers, AdapterPath, index);
}
