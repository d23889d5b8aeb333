using CsCheck;
using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>
/// Whole models: every layer of real adapters against every layer of real checkpoints. What is expected was written down
/// from the conventions of trainers and model libraries, not from the rules under test (TestData/keys/expectations.py).
/// </summary>
public class ModelPairingTests
{
    private const int Mutations = 10_000;

    public static TheoryData<string> Models => [.. ModelSample.All().Select(sample => sample.Name)];

    public static TheoryData<string> AdapterLists => [.. AdapterSample.All.Select(sample => sample.List).Distinct()];

    public static TheoryData<string, string, int> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string, int>();
            foreach ((string list, string model, int layers) in AdapterSample.All)
                pairs.Add(list, model, layers);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_family_is_recognised(string name) => Assert.Equal(ModelSample.Of(name).Family, ModelSample.Of(name).Index.Family);

    [Theory]
    [MemberData(nameof(Models))]
    public void All_names_that_should_lead_somewhere_do_and_no_others(string name)
    {
        var sample = ModelSample.Of(name);
        IEnumerable<(string, string)> names = sample.Index.Names.Select(key => (key.Component.ToString(), key.FlatPath));

        Assert.Equal(sample.Expected.Keys.Order(), names.Order());
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Each_adapter_layer_pairs_with_exactly_the_right_rows(string list, string model, int layers)
    {
        var adapter = new AdapterSample(list);
        var sample = ModelSample.Of(model);

        Assert.Equal(layers, adapter.Layers.Count);
        foreach (string layer in adapter.Layers.Select(layer => layer.Key))
        {
            string? expected = sample.ExpectedOf(layer);
            Assert.True(expected is not null, $"{layer} is in no expectation.");
            Assert.Equal((layer, expected), (layer, sample.Found(layer)));

            BaseLayer found = sample.Index.Find(layer)!;
            Assert.Equal(adapter.ShapeOf(layer), found.Transposed ? (found.Columns, found.Rows) : (found.Rows, found.Columns));
        }
    }

    [Theory]
    [MemberData(nameof(AdapterLists))]
    public void The_parts_of_a_name_make_the_name_again(string list)
    {
        int factors = 0;
        foreach (TensorSpec tensor in KeyFile.Tensors(list))
        {
            if (AdapterNaming.Parse(new TensorInfo(tensor.Name, tensor.DType, tensor.Shape, 0, 0)) is not { } parts)
                continue;

            Assert.Equal(tensor.Name, parts.Layer + (parts.IsUp ? parts.Naming.UpSuffix : parts.Naming.DownSuffix));
            Assert.Equal(parts.Layer + ".alpha", parts.Naming.AlphaName(parts.Layer));
            factors++;
        }

        Assert.Equal(list.Contains("loha", StringComparison.Ordinal) ? 0 : 2 * new AdapterSample(list).Layers.Count, factors);
    }

    /// <summary>A name that was changed means nothing, or what the lists say that it means by now.</summary>
    [Fact]
    public void No_mutated_name_pairs_wrongly()
    {
        (string Layer, ModelSample Model)[] names =
        [
            .. AdapterSample.All.SelectMany(sample => new AdapterSample(sample.List).Layers.Select(layer => (layer.Key, ModelSample.Of(sample.Model)))),

            // Models of which there is no list of an adapter, in kohya's names.
            .. ModelSample.All()
                .Where(model => !AdapterSample.All.Any(sample => sample.Model == model.Name))
                .SelectMany(model => model.Expected.Keys.Select(key => ($"{(key.Component == "Unet" ? "lora_unet_" : "lora_te_")}{key.Path}", model))),
        ];
        Gen.Select(Gen.Int[0, names.Length - 1], NameMutation.Any).Sample(
            (index, mutation) =>
            {
                (string layer, ModelSample model) = names[index];
                string mutated = mutation.Apply(layer);
                return model.Found(mutated) == model.ExpectedOf(mutated);
            },
            iter: Mutations,
            print: choice => choice.Item2.Apply(names[choice.Item1].Layer));
    }

    [Fact]
    public void Mutations_change_names_and_most_lead_nowhere()
    {
        var sample = ModelSample.Of("flux_checkpoint_singlefile");
        const string layer = "transformer.single_transformer_blocks.7.attn.to_k";
        var random = new Random(1);
        string[] mutated = [.. Enumerable.Range(0, 1000).Select(_ => new NameMutation(random.Next(NameMutation.Kinds), random.Next(), random.Next()).Apply(layer))];

        Assert.True(mutated.Distinct().Count() > 300);
        Assert.InRange(mutated.Count(name => sample.Found(name) is null), 700, 999);
    }

    /// <summary>The same layers in the names of trainers of which there is no list.</summary>
    [Theory]
    [InlineData("double_blocks.3.processor.qkv_lora1", "double_blocks.3.img_attn.qkv.weight")]
    [InlineData("double_blocks.3.processor.proj_lora2", "double_blocks.3.txt_attn.proj.weight")]
    [InlineData("single_blocks.3.processor.qkv_lora", "single_blocks.3.linear1.weight[0:9216]")]
    [InlineData("single_blocks.3.processor.proj_lora", "single_blocks.3.linear2.weight")]
    [InlineData("lora_transformer_single_transformer_blocks_3_proj_mlp", "single_blocks.3.linear1.weight[9216:21504]")]
    [InlineData("lycoris_transformer_blocks_3_attn_add_v_proj", "double_blocks.3.txt_attn.qkv.weight[6144:9216]")]
    [InlineData("base_model.model.transformer_blocks.3.ff.net.2", "double_blocks.3.img_mlp.2.weight")]
    [InlineData("transformer.norm_out.linear", "final_layer.adaLN_modulation.1.weight[3072:6144] + model.diffusion_model.final_layer.adaLN_modulation.1.weight[0:3072]")]
    public void Names_of_other_trainers_for_flux(string layer, string expected) =>
        Assert.Equal("model.diffusion_model." + expected, ModelSample.Of("flux_checkpoint_singlefile").Found(layer));

    [Theory]
    [InlineData("lora_te3_encoder_block_5_layer_1_DenseReluDense_wo")]
    [InlineData("lora_te2_encoder_block_5_layer_1_DenseReluDense_wo")]
    [InlineData("text_encoder_2.encoder.block.5.layer.1.DenseReluDense.wo")]
    [InlineData("t5.encoder.block.5.layer.1.DenseReluDense.wo")]
    public void T5_of_flux_is_the_second_or_third_text_encoder(string layer) =>
        Assert.Equal("text_encoders.t5xxl.transformer.encoder.block.5.layer.1.DenseReluDense.wo.weight", ModelSample.Of("flux_checkpoint_singlefile").Found(layer));

    [Fact]
    public void A_fused_layer_in_a_split_checkpoint_is_rows_of_all_three()
    {
        BaseLayer layer = ModelSample.Of("z_image_checkpoint_diffusers").Index.Find("diffusion_model.layers.4.attention.qkv")!;

        Assert.Equal(["layers.4.attention.to_q.weight", "layers.4.attention.to_k.weight", "layers.4.attention.to_v.weight"], layer.Pieces.Select(piece => piece.Weight.Info.Name));
        Assert.Equal((11520, 3840), (layer.Rows, layer.Columns));
    }
}
