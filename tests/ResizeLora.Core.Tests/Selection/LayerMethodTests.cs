using ResizeLora.Recipes;
using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

/// <summary>Rules that decide on each layer by itself, and caps.</summary>
public class LayerMethodTests
{
    [Theory]
    [InlineData("sv_ratio=5", 2)] // 2 is not above 10 / 5
    [InlineData("sv_ratio=5.01", 3)]
    [InlineData("sv_ratio=1", 1)]
    [InlineData("sv_cumulative=0.625", 1)]
    [InlineData("sv_cumulative=0.626", 2)]
    [InlineData("sv_cumulative=1", 4)]
    [InlineData("sv_fro=0.93", 1)]
    [InlineData("sv_fro=0.95", 2)]
    [InlineData("sv_fro=0.0001", 1)]
    [InlineData("sv_fro=1", 4)]
    [InlineData("rank=3", 3)]
    [InlineData("rank=30", 4)]
    [InlineData("sv_fro=1,rank=3", 3)]
    public void Each_rule_keeps_what_it_says(string recipe, int expected) =>
        Assert.Equal([expected], Ranks(recipe, new LayerSpectrum { SingularValues = [10, 3, 2, 1] }));

    [Theory]
    [InlineData("rank=4,conv_rank=2", 4, 2)]
    [InlineData("rank=2,conv_rank=3", 2, 3)]
    [InlineData("conv_rank=1", 4, 1)]
    [InlineData("rank=3", 3, 3)]
    [InlineData("sv_ratio=1000,rank=1,conv_rank=3", 1, 3)]
    public void Convolutions_may_have_a_rank_of_their_own(string recipe, int linear, int convolution) =>
        Assert.Equal([linear, convolution], Ranks(recipe, new LayerSpectrum { SingularValues = [10, 3, 2, 1] }, new LayerSpectrum { SingularValues = [10, 3, 2, 1], IsConvolution = true }));

    [Theory]
    [InlineData("sv_ratio=1000")]
    [InlineData("rank=16")]
    public void A_layer_of_next_to_nothing_keeps_one_value_and_a_layer_of_zeros_gets_one(string recipe) =>
        Assert.Equal([1, 1], Ranks(recipe, new LayerSpectrum { SingularValues = [1e-9, 1e-9], IsNegligible = true }, new LayerSpectrum { SingularValues = [0, 0], IsNegligible = true }));

    [Theory]
    [InlineData("spn_lora=1,thr=-5,rank=2", 2)]
    [InlineData("spn_lora=1,thr=-0.1,rank=2", 1)]
    [InlineData("minimize=error,error=0.001,rank=2", 2)]
    public void A_cap_holds_for_every_recipe(string recipe, int expected) =>
        Assert.Equal([expected], Ranks(recipe, new LayerSpectrum { SingularValues = [10, 3, 2, 1], SpectralNorm = 10 }));

    private static IReadOnlyList<int> Ranks(string text, params LayerSpectrum[] layers)
    {
        var recipe = ResizeRecipe.Parse(text);
        var costs = new SampleCosts(kept => kept.Rank)
        {
            Layer = (_, rank) => rank,
            Errors = [.. layers.Select(layer => Enumerable.Range(0, layer.SingularValues.Count + 1).Select(count => layer.SingularValues.Skip(count).Sum(value => value * value)).ToArray())],
        };
        return new Selector(recipe, [.. layers.Select(layer => layer with { Scores = recipe.Score.Of(layer) })], new RankRule(RankLimits.None, []), costs).Select()!.Ranks;
    }
}
