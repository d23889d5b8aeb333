using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Checkpoints.Families;
using ResizeLora.Common;
using ResizeLora.Pairing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>The descriptions of families and styles, as the files that they are.</summary>
public class DescriptionTests
{
    /// <summary>A description that no real model's names try may say anything. The refiner's are tried below.</summary>
    [Fact]
    public void Every_family_is_tried_on_the_names_of_a_real_model() =>
        Assert.Equal(
            ModelFamily.All.SkipLast(1).Select(family => family.Name).Order(StringComparer.Ordinal),
            ModelSample.All().Select(sample => sample.Family).Append("SDXL refiner").Distinct().Order(StringComparer.Ordinal));

    /// <summary>It has no marks, so a family behind it would never be asked.</summary>
    [Fact]
    public void The_description_for_all_other_models_comes_last() => Assert.All(ModelFamily.All[^1].Parts, part => Assert.Empty(part.Marks));

    [Fact]
    public void A_family_begins_with_the_denoising_network() =>
        Assert.All(ModelFamily.All, family => Assert.Equal([AdapterComponent.Unet], family.Parts[0].Components));

    /// <summary>Two families that both claimed a model would make its name a matter of their order.</summary>
    [Fact]
    public void Each_known_model_has_the_marks_of_one_family_only()
    {
        foreach (ModelSample sample in ModelSample.All())
        {
            CheckpointSource[] sources = [.. sample.Files.Select((file, number) => new CheckpointSource(file.Folder, [(number, KeyList.Header(file.List))]))];
            ModelFamily claiming = Assert.Single(ModelFamily.All, family => sources.Any(family.Parts[0].Shows));
            Assert.Equal(sample.Family, claiming.Name);
        }
    }

    [Fact]
    public void The_refiner_has_one_text_encoder_which_is_the_second()
    {
        var index = new BaseCheckpointIndex(
            HeaderBuilder.Of(
                ("model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight", [768, 1280]),
                ("conditioner.embedders.0.model.transformer.resblocks.0.attn.in_proj_weight", [3840, 1280])),
            "refiner.safetensors");

        Assert.Equal("SDXL refiner", index.Family);
        Assert.Equal("conditioner.embedders.0.model.transformer.resblocks.0.attn.in_proj_weight[1280:2560]", index.Find("lora_te2_text_model_encoder_layers_0_self_attn_k_proj")?.Name);
        Assert.Null(index.Find("lora_te1_text_model_encoder_layers_0_self_attn_k_proj"));
    }

    /// <summary>Lumina 2 has the names of Z-Image, but fewer keys than queries: a third would be a guess.</summary>
    [Theory]
    [InlineData(12, "layers.0.attention.qkv.weight[4:8]")]
    [InlineData(9, null)]
    [InlineData(15, null)]
    public void A_fused_weight_of_other_proportions_is_not_cut(int rows, string? expected)
    {
        var index = new BaseCheckpointIndex(
            HeaderBuilder.Of(("layers.0.attention.qkv.weight", [rows, 4]), ("context_refiner.0.attention.qkv.weight", [rows, 4]), ("cap_embedder.1.weight", [4, 4])),
            "z.safetensors");

        Assert.Equal("Z-Image", index.Family);
        Assert.Equal(expected, index.Find("diffusion_model.layers.0.attention.to_k")?.Name);
        Assert.Equal(rows, index.Find("diffusion_model.layers.0.attention.qkv")?.Rows);
    }

    /// <summary>Its two experts have the same names: which one is meant must be said.</summary>
    [Fact]
    public void Both_experts_of_wan_at_once_are_ambiguous()
    {
        CheckpointSource Expert(string folder, int number) => new(folder, [(number, HeaderBuilder.Of(
            ("blocks.0.attn1.to_q.weight", [8, 8]), ("blocks.0.attn2.to_k.weight", [8, 8]), ("blocks.0.ffn.net.0.proj.weight", [8, 8])))]);
        var both = new BaseCheckpointIndex([Expert("transformer/", 0), Expert("transformer_2/", 1)], "wan");
        var one = new BaseCheckpointIndex([Expert("transformer_2/", 0)], "wan");

        Assert.Equal("Wan 2.x", both.Family);
        Assert.Null(both.Find("lora_unet_blocks_0_self_attn_q"));
        IReadOnlyList<AdapterLayer> layers = AdapterContents.Read(HeaderBuilder.Of(("lora_unet_blocks_0_self_attn_q.lora_up.weight", [8, 2]), ("lora_unet_blocks_0_self_attn_q.lora_down.weight", [2, 8])), "style.safetensors").Layers;
        LayerPair pair = new AdapterPairs(layers, "style.safetensors", both).Of(layers[0]);
        Assert.Equal("could mean 'blocks.0.attn1.to_q.weight' in 2 parts of the checkpoint; name the one you mean with -Checkpoint", pair.Problem);
        Assert.Equal("blocks.0.attn1.to_q.weight", one.Find("lora_unet_blocks_0_self_attn_q")?.Name);
    }

    [Theory]
    [InlineData("a.b = c", "a.b", "c")]
    [InlineData("a = b.(c + d)", "a", "b.c + b.d")]
    [InlineData("a.{n}.b = c.{n}", "a.7.b", "c.7")]
    public void Equations_hold_both_ways(string equation, string left, string right)
    {
        NameRule[] rules = [.. NameRule.Parse(new DescriptionLine(equation, "here"), equation)];

        Assert.Equal(2, rules.Length);
        string Fill(IEnumerable<NameTerm> terms) => string.Join(" + ", terms.Select(term => term.Name!.Fill(new Dictionary<string, string> { ["{n}"] = "7" })));
        Assert.Equal((left, right), (Fill(rules[0].From), Fill(rules[0].To)));
        Assert.Equal((right, left), (Fill(rules[1].From), Fill(rules[1].To)));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a = b = c")]
    [InlineData("a = b +")]
    [InlineData("a = b[0/2]")]
    [InlineData("a = b (flipped)")]
    [InlineData("a = b c")]
    public void An_equation_that_can_not_be_understood_says_where(string equation)
    {
        FormatException error = Assert.Throws<FormatException>(() => NameRule.Parse(new DescriptionLine(equation, "flux.txt:7"), equation).ToArray());

        Assert.Contains("flux.txt:7", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kitten", "kitten", 0)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "", 3)]
    [InlineData("abcdef", "bcdefa", 2)]
    public void Names_differ_by_so_many_letters(string left, string right, int distance) =>
        Assert.Equal(distance, SimilarNames.Distance(left, right, limit: 10));
}
