using ResizeLora.Adapters;
using ResizeLora.Output;
using ResizeLora.Selection;
using ResizeLora.Testing;

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
        string name = NameOf(lora, recipe, recipe.Threshold ?? double.NegativeInfinity);
        if (recipe.Threshold is not null)
            Assert.Equal(expected, name);

        // What the threshold of a size recipe is, only the work can tell.
        Assert.Equal(expected[..expected.LastIndexOf("_th", StringComparison.Ordinal)], name[..name.LastIndexOf("_th", StringComparison.Ordinal)]);
    }

    [Theory]
    [InlineData("spn_ckpt=1,thr=-1.2", "style_spnckpt1_th-1.2.safetensors")]
    [InlineData("spn_ckpt,fro_lora,params,thr=0", "style_frolora0.33_params0.33_spnckpt0.33_th0.safetensors")]
    [InlineData("spn_ckpt=2,spn_lora=1,thr=1", "style_spnckpt0.67_spnlora0.33_th1.safetensors")]
    [InlineData("spn_ckpt=1,params=0.2,thr=1", "style_params0.17_spnckpt0.83_th1.safetensors")]
    [InlineData("spn_ckpt=1,subspace=-0.2,thr=-10", "style_spnckpt1.25_subspace-0.25_th-10.safetensors")]
    [InlineData("spn_lora=1,thr=-0", "style_spnlora1_th0.safetensors")]
    [InlineData("spn_lora=1,thr=100", "style_spnlora1_th100.safetensors")]
    [InlineData("spn_lora=1,thr=1.10", "style_spnlora1_th1.1.safetensors")]
    [InlineData("size=32,spn_lora=1,rescale=0.5,thr=-1", "style_spnlora1_scale0.5_size32_th-1.safetensors")]
    public void Numbers_have_at_most_two_decimals_where_these_are_all_of_them(string recipe, string expected) => Assert.Equal(expected, NameOf(recipe));

    [Theory]
    [InlineData("spn_lora=1,thr=-0.004", "style_spnlora1_th-0.004.safetensors")]
    [InlineData("spn_lora=1,thr=-1.23456", "style_spnlora1_th-1.23456.safetensors")]
    [InlineData("spn_lora=1,thr=1e-7", "style_spnlora1_th1E-07.safetensors")]
    [InlineData("spn_ckpt=1,params=0.21,thr=1", "style_params0.21_spnckpt1_th1.safetensors")]
    [InlineData("spn_ckpt=0.501,spn_lora=0.499,thr=1", "style_spnckpt0.501_spnlora0.499_th1.safetensors")]
    [InlineData("spn_lora=1,rescale=0.125,size=0.125,thr=-1", "style_spnlora1_scale0.125_size0.125_th-1.safetensors")]
    [InlineData("spn_lora=1,size=32MB,thr=-1", "style_spnlora1_size32MB_th-1.safetensors")]
    public void Other_numbers_are_as_they_were_given(string recipe, string expected) => Assert.Equal(expected, NameOf(recipe));

    [Theory]
    [InlineData("spn_lora=1,fro_lora=0.2,thr=-1", "spn_lora=1,fro_lora=0.2000000001,thr=-1")]
    [InlineData("spn_lora=1,fro_lora=0.2,thr=-1", "spn_lora=1,fro_lora=0.2000000000000001,thr=-1")]
    [InlineData("spn_lora=1,fro_lora=1e-10,thr=-1", "spn_lora=1,fro_lora=2e-10,thr=-1")]
    [InlineData("spn_lora=1,fro_lora=1e-10,thr=-1", "spn_lora=1,thr=-1")]
    [InlineData("spn_lora=1,thr=-1.23456", "spn_lora=1,thr=-1.23457")]
    [InlineData("spn_lora=1,size=32", "spn_lora=1,size=32MB")]
    [InlineData("spn_lora=1,size=0.012", "spn_lora=1,size=0.0121")]
    [InlineData("spn_lora=1,size=32,thr=-1", "spn_lora=1,size=32,thr=-1.001")]
    [InlineData("spn_lora=1,size=32", "spn_lora=1,size=32,thr=-3")]
    [InlineData("spn_lora=1,thr=-1,rescale=0.801", "spn_lora=1,thr=-1,rescale=0.802")]
    [InlineData("spn_ckpt=1,params=0.2,thr=-1", "spn_ckpt=1,params=0.21,thr=-1")]
    [InlineData("spn_ckpt=1,params=0.22,thr=-1", "spn_ckpt=1,params=0.21,thr=-1")]
    [InlineData("spn_ckpt=2,spn_lora=1,thr=-1", "spn_ckpt=2.01,spn_lora=1,thr=-1")]
    public void Recipes_that_differ_have_names_that_differ(string first, string second)
    {
        // The worst case: a size ends at the same score for both.
        ResizeRecipe[] recipes = [ResizeRecipe.Parse(first), ResizeRecipe.Parse(second)];
        string[] names = [.. recipes.Select(recipe => NameOf("style", recipe, recipe.SizeMiB is null ? recipe.Threshold!.Value : -0.7))];
        Assert.NotEqual(names[0], names[1]);
    }

    [Fact]
    public void A_threshold_that_a_size_has_found_has_two_decimals()
    {
        Assert.Equal("style_spnckpt1_size1_th-1.23.safetensors", NameOf("style", ResizeRecipe.Parse("spn_ckpt,size=1"), -1.23456));
        Assert.Equal("style_spnckpt1_size1_thr-1.5_th-1.23.safetensors", NameOf("style", ResizeRecipe.Parse("spn_ckpt,size=1,thr=-1.5"), -1.23456));
        Assert.Equal("style_spnckpt1_size1_th-1.23456.safetensors", NameOf("style", ResizeRecipe.Parse("spn_ckpt,size=1,thr=-1.23456"), -1.23456));
    }

    [Fact]
    public void Where_everything_fits_the_threshold_is_minus_infinity() => Assert.Equal(
        "style_spnckpt1_size100_th-inf.safetensors",
        NameOf("style", ResizeRecipe.Parse("spn_ckpt,size=100"), double.NegativeInfinity));

    [Fact]
    public void What_is_asked_of_ranks_stands_before_the_threshold()
    {
        OutputRecord record = new() { Recipe = ResizeRecipe.Parse("spn_lora=1,size=32,thr=-1"), Threshold = -1 };
        Assert.Equal("spnlora1_size32_rank16_th-1", OutputName.Words(record with { RankLimits = new(Rank: 16) }));
        Assert.Equal("spnlora1_size32_equalrank_rankmultiple8_maxrank64_th-1", OutputName.Words(record with { RankLimits = new(EqualRank: true, RankMultiple: 8, MaxRank: 64) }));
    }

    [Fact]
    public void Whatever_is_told_apart_has_another_name()
    {
        OutputRecord record = new() { Recipe = ResizeRecipe.Default, Threshold = -1.2, UnmatchedLayer = UnmatchedLayer.Keep };
        OutputRecord[] records =
        [
            record,
            record with { Precision = ResizePrecision.BFloat16 },
            record with { Precision = ResizePrecision.Float32 },
            record with { Precision = ResizePrecision.Source },
            record with { UnmatchedLayer = UnmatchedLayer.Drop },
            record with { UnmatchedLayer = UnmatchedLayer.Error },
            record with { Layers = LayerChoice.Of(["a"], ["a", "b"]) },
            record with { Layers = LayerChoice.Of(["b"], ["a", "b"]) },
            .. new RankLimits[] { new(EqualRank: true), new(RankMultiple: 8), new(MaxRank: 8), new(MaxRank: 16), new(Rank: 8), new(true, 8), new(true, 8, 16) }.Select(limits => record with { RankLimits = limits }),
        ];
        Assert.Equal("spnckpt1_th-1.2", OutputName.Words(record));
        Assert.Equal("spnckpt1_fp32_th-1.2", OutputName.Words(records[2]));
        Assert.Equal("spnckpt1_unmatcheddrop_th-1.2", OutputName.Words(records[4]));
        Assert.Equal("spnckpt1_layersca978112_th-1.2", OutputName.Words(records[6]));
        Assert.Equal(records.Length, records.Select(OutputName.Words).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    private static string NameOf(string recipeText)
    {
        ResizeRecipe recipe = ResizeRecipe.Parse(recipeText);
        return NameOf("style", recipe, recipe.Threshold!.Value);
    }

    private static string NameOf(string input, ResizeRecipe recipe, double threshold) =>
        Path.GetFileName(OutputPath.Beside.Of(AdapterLocation.Of(Path.Combine(Path.GetTempPath(), $"{input}.safetensors")), OutputName.Words(new OutputRecord { Recipe = recipe, Threshold = threshold })));
}
