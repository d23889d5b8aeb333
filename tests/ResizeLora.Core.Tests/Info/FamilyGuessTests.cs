using System.Text.RegularExpressions;
using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Core.Tests.Pairing;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Info;

/// <summary>What names and sizes of an adapter tell of the model that it is for, without a checkpoint.</summary>
public partial class FamilyGuessTests(ITestOutputHelper log)
{
    public static TheoryData<string, string> Lists
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach ((string list, string model, _) in AdapterSample.All.DistinctBy(sample => sample.List))
                data.Add(list, ModelSample.All().Single(sample => sample.Name == model).Family);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public void The_family_of_a_real_adapter_is_the_only_candidate(string list, string family)
    {
        IReadOnlyList<AdapterLayer> layers = AdapterContents.Read(KeyList.Header(list), list).Layers;

        IReadOnlyList<string> guess = FamilyGuess.Of(layers);

        log.WriteLine($"{list}: {string.Join(" or ", guess)}; {string.Join(", ", layers.GroupBy(LayerKind.Of).Select(kind => $"{kind.Key} {kind.Count()}"))}");
        Assert.Equal([family], guess);
    }

    public static TheoryData<string> Models => [.. ModelSample.All().Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Layers_that_are_called_by_the_tensors_of_a_model_are_of_its_family(string name)
    {
        var model = ModelSample.Of(name);
        var header = new HeaderBuilder();
        foreach (TensorInfo tensor in model.Files.Where(file => !file.Folder.StartsWith("text", StringComparison.Ordinal)).SelectMany(file => KeyList.Header(file.List).Tensors))
        {
            string layer = CheckpointPrefix().Replace(tensor.Name, "diffusion_model.");
            if (tensor.Shape.Count == 2 && LinearLayer().IsMatch(layer))
                header.Add(layer.Replace(".weight", ".lora_B.weight", StringComparison.Ordinal), [tensor.Shape[0], 4]).Add(layer.Replace(".weight", ".lora_A.weight", StringComparison.Ordinal), [4, tensor.Shape[1]]);
        }

        IReadOnlyList<AdapterLayer> layers = AdapterContents.Read(header.Build(), name).Layers;
        IReadOnlyList<string> guess = FamilyGuess.Of(layers);

        log.WriteLine($"{name}: {string.Join(" or ", guess)}; {string.Join(", ", layers.GroupBy(LayerKind.Of).Select(kind => $"{kind.Key} {kind.Count()}"))}");
        string[] expected = name switch
        {
            "anima_checkpoint_diffusers" => ["Anima", "Cosmos-Predict2"],

            // Of two blocks; the last one, with the width, would tell.
            "pixart_checkpoint_diffusers" => ["Anima", "Cosmos-Predict2", "PixArt"],
            _ => [model.Family],
        };
        Assert.Equal(expected, guess);
        Assert.DoesNotContain("other", layers.Select(LayerKind.Of));
    }

    [GeneratedRegex(@"^(model\.diffusion_model|model\.model|model(?=\.(double|single)_layers)|net)\.")]
    private static partial Regex CheckpointPrefix();

    [GeneratedRegex(@"(block|layers)(?!.*relative_attention_bias).*\.weight$")]
    private static partial Regex LinearLayer();

    [Theory]
    [MemberData(nameof(Lists))]
    public void Every_layer_of_a_real_adapter_has_a_kind(string list, string family)
    {
        IEnumerable<string> unknown = AdapterContents.Read(KeyList.Header(list), list).Layers.Where(layer => LayerKind.Of(layer) == "other").Select(layer => layer.Name);
        Assert.True(!unknown.Any(), $"{family}: {string.Join(", ", unknown.Take(5))}");
    }

    [Theory]
    [InlineData("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", 640, "SD 1.x, SD 2.x, SDXL, SDXL refiner")]
    [InlineData("lora_unet_down_blocks_2_attentions_1_transformer_blocks_7_attn2_to_k", 2048, "SDXL")]
    [InlineData("lora_unet_input_blocks_7_1_transformer_blocks_0_attn2_to_k", 768, "SD 1.x")]
    [InlineData("unet.up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", 1024, "SD 2.x")]
    [InlineData("unet.up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", 4096, "")]
    [InlineData("unet:12", 768, "SD 1.x")]
    [InlineData("unet:12", 1024, "SD 2.x")]
    [InlineData("transformer.single_transformer_blocks.3.proj_mlp", 3072, "Flux.1, HunyuanVideo")]
    [InlineData("transformer.single_transformer_blocks.37.proj_mlp", 3072, "Flux.1")]
    [InlineData("transformer.single_transformer_blocks.38.proj_mlp", 3072, "HunyuanVideo")]
    [InlineData("transformer.single_transformer_blocks.40.proj_mlp", 3072, "")]
    [InlineData("transformer.transformer_blocks.0.attn.to_q", 1536, "SD 3.x")]
    [InlineData("transformer.transformer_blocks.0.attn.add_q_proj", 3072, "Flux.1, Flux.2, HunyuanVideo, Qwen-Image")]
    [InlineData("diffusion_model.double_blocks.7.img_attn.proj", 6144, "Flux.2")]
    [InlineData("diffusion_model.double_blocks.99999999999999999999.img_attn.proj", 4096, "Flux.2")]
    [InlineData("lora_te1_text_model_encoder_layers_0_mlp_fc1", 768, "")]
    [InlineData("somebody.elses.layer", 64, "")]
    public void One_layer_tells_as_much_as_it_can(string layer, long columns, string families)
    {
        (string up, string down) = layer.Contains(':', StringComparison.Ordinal) ? (":up", ":down") : (".lora_up.weight", ".lora_down.weight");
        SafetensorsHeader header = HeaderBuilder.Of((layer + up, [32, 4]), (layer + down, [4, columns]));

        Assert.Equal(families, string.Join(", ", FamilyGuess.Of(AdapterContents.Read(header, "style.safetensors").Layers)));
    }

    [Theory]
    [InlineData("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_v", "attention v")]
    [InlineData("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_out_0", "attention out")]
    [InlineData("lora_unet_input_blocks_4_1_transformer_blocks_0_ff_net_0_proj", "feed-forward")]
    [InlineData("lora_unet_input_blocks_4_1_proj_out", "projection")]
    [InlineData("lora_te1_text_model_encoder_layers_0_self_attn_out_proj", "attention out")]
    [InlineData("lora_te1_text_model_encoder_layers_0_mlp_fc1", "feed-forward")]
    [InlineData("lora_unet_double_blocks_0_img_attn_qkv", "attention qkv")]
    [InlineData("lora_unet_double_blocks_0_img_mod_lin", "modulation")]
    [InlineData("lora_unet_single_blocks_0_linear1", "single block")]
    [InlineData("diffusion_model.blocks.0.cross_attn.k_img", "attention k")]
    [InlineData("diffusion_model.blocks.0.ffn.2", "feed-forward")]
    [InlineData("diffusion_model.layers.0.feed_forward.w2", "feed-forward")]
    [InlineData("somebody.elses.layer", "other")]
    public void Kinds_are_told_by_names(string layer, string kind)
    {
        SafetensorsHeader header = HeaderBuilder.Of(($"{layer}.lora_up.weight", [32, 4]), ($"{layer}.lora_down.weight", [4, 16]));
        Assert.Equal(kind, LayerKind.Of(Assert.Single(AdapterContents.Read(header, "style.safetensors").Layers)));
    }
}
