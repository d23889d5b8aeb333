using ResizeLora.Selection;
using ResizeLora.Testing;
using ResizeLora.Writing;

namespace ResizeLora.Core.Tests.Writing;

public class OutputNameTests
{
    public static TheoryData<string, string, string> GoldenNames()
    {
        var data = new TheoryData<string, string, string>();
        foreach (GoldenCase golden in GoldenData.Cases.DistinctBy(golden => golden.ReferenceFile))
            data.Add(golden.Lora, golden.Recipe, golden.ReferenceFile);
        return data;
    }

    [Theory]
    [MemberData(nameof(GoldenNames))]
    public void Names_are_those_of_the_original_tool(string lora, string recipeText, string expected)
    {
        ResizeRecipe recipe = ResizeRecipe.Parse(recipeText);
        string name = OutputName.For(lora, recipe, RankLimits.None, recipe.Threshold ?? double.NegativeInfinity);
        if (recipe.Threshold is not null)
            Assert.Equal(expected, name);

        // What the threshold of a size recipe is, only the work can tell.
        Assert.Equal(expected[..expected.LastIndexOf("_th", StringComparison.Ordinal)], name[..name.LastIndexOf("_th", StringComparison.Ordinal)]);
    }

    [Theory]
    [InlineData("spn_ckpt=1,thr=-1.2", "style_spnckpt1_th-1.2.safetensors")]
    [InlineData("spn_ckpt,fro_lora,params,thr=0", "style_frolora0.33_params0.33_spnckpt0.33_th0.safetensors")]
    [InlineData("spn_ckpt=2,spn_lora=1,thr=1", "style_spnckpt0.67_spnlora0.33_th1.safetensors")]
    [InlineData("spn_ckpt=1,subspace=-0.2,thr=-10", "style_spnckpt1.25_subspace-0.25_th-10.safetensors")]
    [InlineData("spn_lora=1,thr=-0", "style_spnlora1_th0.safetensors")]
    [InlineData("spn_lora=1,thr=-0.004", "style_spnlora1_th0.safetensors")]
    [InlineData("spn_lora=1,thr=0.006", "style_spnlora1_th0.01.safetensors")]
    [InlineData("spn_lora=1,thr=100", "style_spnlora1_th100.safetensors")]
    [InlineData("spn_lora=1,thr=1.10", "style_spnlora1_th1.1.safetensors")]
    [InlineData("spn_lora=1,thr=-1.999", "style_spnlora1_th-2.safetensors")]
    [InlineData("size=32,spn_lora=1,rescale=0.5,thr=-1", "style_spnlora1_scale0.5_size32_th-1.safetensors")]
    public void Numbers_have_at_most_two_decimals_and_no_trailing_zeros(string recipeText, string expected)
    {
        ResizeRecipe recipe = ResizeRecipe.Parse(recipeText);
        Assert.Equal(expected, OutputName.For("style", recipe, RankLimits.None, recipe.Threshold!.Value));
    }

    [Fact]
    public void Where_everything_fits_the_threshold_is_minus_infinity() => Assert.Equal(
        "style_spnckpt1_size100_th-inf.safetensors",
        OutputName.For("style", ResizeRecipe.Parse("spn_ckpt,size=100"), RankLimits.None, double.NegativeInfinity));

    [Fact]
    public void A_name_is_known_in_advance_only_without_a_size()
    {
        Assert.Equal("style_spnckpt1_th-1.2.safetensors", OutputName.InAdvance("style", ResizeRecipe.Default, RankLimits.None));
        Assert.Null(OutputName.InAdvance("style", ResizeRecipe.Parse("spn_ckpt,size=1"), RankLimits.None));
        Assert.Null(OutputName.InAdvance("style", ResizeRecipe.Parse("spn_ckpt,size=1,thr=-1.2"), RankLimits.None));
    }

    [Fact]
    public void What_is_asked_of_ranks_stands_before_the_threshold()
    {
        ResizeRecipe recipe = ResizeRecipe.Parse("spn_lora=1,size=32,thr=-1");
        Assert.Equal("style_spnlora1_size32_rank16_th-1.safetensors", OutputName.For("style", recipe, new RankLimits(Rank: 16), -1));
        Assert.Equal("style_spnlora1_size32_equalrank_rankmultiple8_maxrank64_th-1.safetensors", OutputName.For("style", recipe, new RankLimits(EqualRank: true, RankMultiple: 8, MaxRank: 64), -1));
    }

    [Fact]
    public void An_output_of_other_rank_options_is_not_taken_for_this_one()
    {
        RankLimits[] options = [RankLimits.None, new(EqualRank: true), new(RankMultiple: 8), new(MaxRank: 8), new(MaxRank: 16), new(Rank: 8), new(true, 8), new(true, 8, 16)];
        string[] names = [.. options.Select(limits => OutputName.For("style", ResizeRecipe.Default, limits, -1.2))];
        for (int name = 0; name < options.Length; name++)
        {
            for (int other = 0; other < options.Length; other++)
                Assert.Equal(name == other, OutputName.MayBe(names[name], "style", ResizeRecipe.Default, options[other]));
        }
    }
}
