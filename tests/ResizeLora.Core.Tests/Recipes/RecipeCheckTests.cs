using ResizeLora.Core.Tests.Support;

namespace ResizeLora.Core.Tests.Recipes;

/// <summary>Which keys make a recipe together.</summary>
public class RecipeCheckTests
{
    [Theory]
    [InlineData("minimize=error,size=32")]
    [InlineData("minimize=error_ckpt,error=0.05")]
    [InlineData("minimize=error,size=32,error=0.05,rank=16")]
    [InlineData("spn_ckpt=1,error=0.1")]
    [InlineData("spn_ckpt=1,thr=-1.2,size=32,error=0.1,rank=8,conv_rank=4")]
    [InlineData("sv_ratio=5")]
    [InlineData("sv_fro=0.95,rank=32")]
    [InlineData("sv_cumulative=0.8,rank=32,conv_rank=16,rescale=2")]
    [InlineData("rank=16")]
    [InlineData("conv_rank=8")]
    public void Keys_that_go_together_make_a_recipe(string text) => Assert.Equal(text, ResizeRecipe.Parse(text).Recipe);

    [Theory]
    [InlineData("minimize=error", "size=32 or error=0.05")]
    [InlineData("minimize=error,rank=16", "size=32 or error=0.05")]
    [InlineData("spn_ckpt=1", "thr=-1.2 or size=32 or error=0.05")]
    [InlineData("spn_ckpt=1,rank=4", "thr=-1.2 or size=32 or error=0.05")]
    public void A_recipe_says_how_much_to_keep(string text, string remedy) => Refusal.Of("RecipeNoSelection", () => ResizeRecipe.Parse(text), $"'{text}'", remedy);

    [Theory]
    [InlineData("minimize=error,spn_ckpt=1,size=32", "'spn_ckpt' and 'minimize=error'")]
    [InlineData("minimize=error,thr=-1", "'minimize=error' and 'thr'")]
    [InlineData("minimize=error,sv_ratio=5,size=3", "'minimize=error' and 'sv_ratio'")]
    [InlineData("sv_ratio=5,sv_fro=0.9", "'sv_ratio' and 'sv_fro'")]
    [InlineData("sv_ratio=5,spn_lora=1,thr=-1", "'spn_lora' and 'sv_ratio'")]
    [InlineData("sv_fro=0.9,thr=-1", "'sv_fro' and 'thr'")]
    [InlineData("sv_fro=0.9,size=32", "'sv_fro' and 'size'")]
    [InlineData("sv_cumulative=0.9,error=0.1", "'sv_cumulative' and 'error'")]
    public void Keys_that_exclude_each_other_are_refused(string text, string keys) =>
        Refusal.Of("RecipeKeysExclusive", () => ResizeRecipe.Parse(text), $"'{text}'", keys, "Leave one of them out");

    [Theory]
    [InlineData("size=32", "minimize=error or spn_ckpt=1")]
    [InlineData("error=0.1", "minimize=error or spn_ckpt=1")]
    [InlineData("thr=-1", "spn_ckpt=1")]
    [InlineData("thr=-1,rank=4", "spn_ckpt=1")]
    public void A_recipe_says_what_to_go_by(string text, string remedy) => Refusal.Of("RecipeWeightSum", () => ResizeRecipe.Parse(text), $"'{text}'", remedy);

    [Theory]
    [InlineData("sv_fro=2", "RecipeOutOfRange", "greater than 0 and at most 1, not 2")]
    [InlineData("sv_cumulative=0", "RecipeNotPositive", "greater than 0 and at most 1, not 0")]
    [InlineData("sv_ratio=0.5", "RecipeOutOfRange", "at least 1, not 0.5")]
    [InlineData("rank=0", "RecipeNotPositive", "at least 1, not 0")]
    [InlineData("conv_rank=-2", "RecipeNotPositive", "at least 1, not -2")]
    [InlineData("rank=1.5", "RecipeNotANumber", "'1.5' is not a whole number for 'rank'")]
    [InlineData("rank=99999999999", "RecipeNotANumber", "'rank'")]
    [InlineData("minimize=error,error=1", "RecipeOutOfRange", "greater than 0 and less than 1, not 1")]
    [InlineData("minimize=error,error=0", "RecipeNotPositive", "greater than 0 and less than 1, not 0")]
    [InlineData("minimize=size,size=3", "RecipeNotANumber", "minimize=error or minimize=error_ckpt")]
    public void Values_are_checked(string text, string errorId, string message) => Refusal.Of(errorId, () => ResizeRecipe.Parse(text), $"'{text}'", message);

    [Fact]
    public void What_a_recipe_says_can_be_asked()
    {
        var recipe = ResizeRecipe.Parse("minimize=error_ckpt,size=32,error=0.05");
        Assert.Equal("error_ckpt", recipe.Minimize);
        Assert.Equal(0.05, recipe.ErrorLimit);
        Assert.Equal(32, recipe.SizeMiB);
        Assert.True(recipe.NeedsCheckpoint);
        Assert.False(ResizeRecipe.Parse("minimize=error,size=1").NeedsCheckpoint);
        Assert.False(recipe.IsEquivalentTo(ResizeRecipe.Parse("minimize=error,size=32,error=0.05")));
    }
}
