using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>
/// Whole models: every layer of real adapters against every layer of the SDXL checkpoint. What is expected comes from
/// ai-toolkit's map between the two namings, not from the rules under test.
/// </summary>
public class SdxlPairingTests
{
    private const string AdapterPath = "style.safetensors";

    private static readonly SafetensorsHeader Checkpoint = KeyList.Header("sdxl_checkpoint_singlefile");
    private static readonly BaseCheckpointIndex Index = new(Checkpoint, "base.safetensors");

    /// <summary>Flat component and path, in either naming, to the name of the base layer.</summary>
    private static readonly Dictionary<string, string> Expected = ExpectedNames();

    [Theory]
    [InlineData("sdxl_lora_kohya_input_blocks", 986)]
    [InlineData("sdxl_lora_kohya_down_blocks", 722)]
    [InlineData("sdxl_lora_onetrainer", 987)]
    [InlineData("sdxl_locon_lycoris", 789)]
    public void Every_layer_of_a_flat_named_adapter_finds_its_base_layer(string list, int layers) =>
        AssertAllPair(KeyList.Header(list), layers, name => name["lora_".Length..]);

    [Theory]
    [InlineData("lora_unet_", "lora_unet.")]
    [InlineData("lora_te1_", "lora_te1.")]
    [InlineData("lora_te2_", "lora_te2.")]
    public void A_dot_after_the_prefix_makes_no_difference(string flat, string dotted) =>
        AssertAllPair(
            KeyList.Header("sdxl_lora_onetrainer", name => name.Replace(flat, dotted, StringComparison.Ordinal)),
            987,
            name => name["lora_".Length..].Replace('.', '_'));

    public static TheoryData<string, Func<string, string>> DiffusersVariants() => new()
    {
        { "PEFT", name => name },
        { "with the adapter's name", name => Factors(name, ".lora_B.default.weight", ".lora_A.default.weight") },
        { "before PEFT", name => Factors(name, ".lora.up.weight", ".lora.down.weight") },
        { "lora_linear_layer", name => Factors(name, ".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight") },
        { "attention processors", AttentionProcessors },
        { "wrapper before the prefix", name => "base_model.model." + name },
        { "wrapper after the prefix", name => name.Replace("unet.", "unet.base_model.model.", StringComparison.Ordinal) },
        { "wrapper instead of the prefix", name => name.Replace("unet.", "base_model.model.", StringComparison.Ordinal) },
        { "no prefix for the U-Net", name => name.Replace("unet.", string.Empty, StringComparison.Ordinal) },
        { "raw names of OneTrainer", RawOneTrainer },
        { "old names in text encoders", name => Factors(OldTextAttention(name), "_lora.up.weight", "_lora.down.weight") },
    };

    [Theory]
    [MemberData(nameof(DiffusersVariants))]
    public void Every_layer_of_a_dotted_adapter_finds_its_base_layer(string variant, Func<string, string> rename)
    {
        _ = variant;
        SafetensorsHeader original = KeyList.Header("sdxl_lora_diffusers_peft");
        Dictionary<string, string> originalNames = original.Tensors.ToDictionary(tensor => rename(tensor.Name), tensor => tensor.Name);

        AdapterContents contents = AdapterContents.Read(KeyList.Header("sdxl_lora_diffusers_peft", rename), AdapterPath);

        AssertPlain(contents, 736);
        AssertPairs(contents, layer => PeftToFlat(originalNames[layer.Written.Up][..^".lora_B.weight".Length]));
    }

    [Fact]
    public void Every_weight_of_the_map_is_found_by_its_diffusers_name()
    {
        int found = 0;
        foreach ((string diffusersName, string tensor, int? third) in KeyList.DiffusersMap())
        {
            if (Checkpoint.Find(tensor) is not { Shape.Count: 2 or 4 } || tensor.Contains("embedding", StringComparison.Ordinal))
                continue;

            string path = diffusersName[..^".weight".Length];
            string name = path
                .Replace("te0_", "text_encoder.", StringComparison.Ordinal)
                .Replace("te1_", "text_encoder_2.", StringComparison.Ordinal)
                .Replace("unet_", "unet.", StringComparison.Ordinal);
            BaseLayer? layer = Index.Find(name);

            Assert.True(layer is not null, name);
            Assert.Equal(NameOf(tensor, third), layer.Name);
            found++;
        }

        // 794 of the U-Net, 72 of CLIP-L, 6 a block of CLIP-G.
        Assert.Equal(794 + 72 + (32 * 6), found);
    }

    [Fact]
    public void The_fused_attention_of_clip_g_holds_q_then_k_then_v()
    {
        const string block = "lora_te2_text_model_encoder_layers_7_self_attn_";
        BaseLayer?[] layers = [Index.Find(block + "q_proj"), Index.Find(block + "k_proj"), Index.Find(block + "v_proj")];

        const string fused = "conditioner.embedders.1.model.transformer.resblocks.7.attn.in_proj_weight";
        Assert.Equal([$"{fused}[0:1280]", $"{fused}[1280:2560]", $"{fused}[2560:3840]"], layers.Select(layer => layer!.Name));
    }

    [Theory]
    [InlineData("lora_te2_text_projection")]
    [InlineData("text_encoder_2.text_projection")]
    public void The_text_projection_is_stored_transposed(string name)
    {
        BaseLayer layer = Index.Find(name)!;

        Assert.Equal("conditioner.embedders.1.model.text_projection", layer.Name);
        Assert.True(layer.Transposed);
    }

    [Theory]
    [InlineData("lora_te1_text_model_embeddings_token_embedding")]
    [InlineData("lora_te1_text_model_embeddings_position_embedding")]
    [InlineData("lora_te2_text_model_embeddings_token_embedding")]
    [InlineData("lora_te2_token_embedding")]
    [InlineData("lora_unet_out_0")]
    [InlineData("lora_unet_input_blocks_1_0_in_layers_0")]
    [InlineData("lora_unet_down_blocks_0_resnets_0_norm1")]
    [InlineData("lora_te1_text_model_encoder_layers_0_layer_norm1")]
    [InlineData("first_stage_model.decoder.conv_in")]
    public void Embeddings_norms_and_the_vae_are_no_targets(string name) => Assert.Null(Index.Find(name));

    [Theory]
    [InlineData("lora_unet_down_blocks_1_attentions_0_proj")]
    [InlineData("lora_unet_down_blocks_1_attentions_0_proj_in_")]
    [InlineData("xlora_unet_down_blocks_1_attentions_0_proj_in")]
    [InlineData("lora_te1_down_blocks_1_attentions_0_proj_in")]
    [InlineData("lora_te2_text_model_encoder_layers_32_mlp_fc1")]
    [InlineData("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out")]
    [InlineData("base_model.model.text_model.encoder.layers.0.mlp.fc1")]
    [InlineData("unet:0")]
    public void A_name_is_never_guessed(string name) => Assert.Null(Index.Find(name));

    private static void AssertAllPair(SafetensorsHeader header, int layers, Func<string, string> flat)
    {
        AdapterContents contents = AdapterContents.Read(header, AdapterPath);
        AssertPlain(contents, layers);
        AssertPairs(contents, layer => flat(layer.Name));
    }

    private static void AssertPlain(AdapterContents contents, int layers)
    {
        Assert.Empty(contents.Unsupported);
        Assert.Empty(contents.Others);
        Assert.Equal(layers, contents.Layers.Count);
    }

    private static void AssertPairs(AdapterContents contents, Func<AdapterLayer, string> flat)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        var pairs = new AdapterPairs(contents.Layers, AdapterPath, Index);
        foreach (AdapterLayer layer in contents.Layers)
        {
            BaseLayer? baseLayer = pairs.Of(layer).BaseLayer;
            Assert.True(baseLayer is not null, layer.Name);
            Assert.Equal(Expected[flat(layer)], baseLayer.Name);
            Assert.True(used.Add(baseLayer.Name), $"{baseLayer.Name} was found twice");
            Assert.Equal(layer.Rows, baseLayer.Transposed ? baseLayer.Columns : baseLayer.Rows);
            Assert.Equal(layer.Columns, baseLayer.Transposed ? baseLayer.Rows : baseLayer.Columns);
        }
    }

    private static Dictionary<string, string> ExpectedNames()
    {
        var expected = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["te2_text_projection"] = "conditioner.embedders.1.model.text_projection",
        };
        foreach ((string diffusersName, string tensor, int? third) in KeyList.DiffusersMap())
        {
            // The map counts text encoders from 0, adapters from 1.
            string flat = diffusersName[..^".weight".Length]
                .Replace('.', '_')
                .Replace("te1_", "te2_", StringComparison.Ordinal)
                .Replace("te0_", "te1_", StringComparison.Ordinal);
            expected.Add(flat, NameOf(tensor, third));
        }

        const string unet = "model.diffusion_model.";
        foreach (TensorInfo tensor in Checkpoint.Tensors.Where(tensor => tensor.Name.StartsWith(unet, StringComparison.Ordinal) && tensor.Name.EndsWith(".weight", StringComparison.Ordinal)))
            expected.Add("unet_" + tensor.Name[unet.Length..^".weight".Length].Replace('.', '_'), tensor.Name);

        return expected;
    }

    private static string NameOf(string tensor, int? third)
    {
        long rows = Checkpoint.Find(tensor) is { Shape: [long all, ..] } ? all / 3 : 0;
        return third is { } number ? $"{tensor}[{number * rows}:{(number + 1) * rows}]" : tensor;
    }

    private static string PeftToFlat(string name) => name
        .Replace("text_encoder_2.", "te2_", StringComparison.Ordinal)
        .Replace("text_encoder.", "te1_", StringComparison.Ordinal)
        .Replace('.', '_');

    private static string Factors(string name, string up, string down) => name
        .Replace(".lora_B.weight", up, StringComparison.Ordinal)
        .Replace(".lora_A.weight", down, StringComparison.Ordinal);

    private static string AttentionProcessors(string name) => name.StartsWith("unet.", StringComparison.Ordinal)
        ? Factors(
            name.Replace("to_out.0", "to_out", StringComparison.Ordinal).Replace(".to_", ".processor.to_", StringComparison.Ordinal),
            "_lora.up.weight",
            "_lora.down.weight")
        : name;

    private static string OldTextAttention(string name) => name.StartsWith("text_", StringComparison.Ordinal)
        ? name.Replace("out_proj", "to_out", StringComparison.Ordinal)
            .Replace("q_proj", "to_q", StringComparison.Ordinal)
            .Replace("k_proj", "to_k", StringComparison.Ordinal)
            .Replace("v_proj", "to_v", StringComparison.Ordinal)
        : name;

    private static string RawOneTrainer(string name) => Factors(name, ".lora_up.weight", ".lora_down.weight")
        .Replace("text_encoder_2.", "lora_te2.", StringComparison.Ordinal)
        .Replace("text_encoder.", "lora_te1.", StringComparison.Ordinal)
        .Replace("unet.", "lora_unet.", StringComparison.Ordinal);
}
