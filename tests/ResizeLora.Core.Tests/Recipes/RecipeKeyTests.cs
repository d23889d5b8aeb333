using ResizeLora.Core.Tests.Support;
using ResizeLora.Output;
using ResizeLora.Recipes;

namespace ResizeLora.Core.Tests.Recipes;

/// <summary>What holds for every row of the table of keys, whatever rows there are.</summary>
public class RecipeKeyTests
{
    public static TheoryData<string> Names => [.. RecipeKey.All.Select(key => key.Name)];

    [Fact]
    public void No_two_keys_are_called_alike()
    {
        Assert.Distinct(RecipeKey.All.Select(key => key.Name));
        Assert.Distinct(RecipeKey.All.Select(key => key.Word));
        Assert.Distinct(RecipeKey.All.Select(key => key.Parameter));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_example_makes_a_recipe_that_prints_it(string name)
    {
        RecipeKey key = RecipeKey.Find(name)!;
        Assert.NotEmpty(key.Examples);
        foreach (string example in key.Examples)
        {
            ResizeRecipe recipe = RecipeWith(key, example);
            Assert.Equal(recipe, ResizeRecipe.Parse(recipe.Recipe));
            Assert.Equal(key != RecipeKey.Rescale, recipe.Recipe.Contains($"{name}={example}", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_cannot_be_a_value_of_a_key_is_refused(string name)
    {
        RecipeKey key = RecipeKey.Find(name)!;
        Refusal.Of("RecipeNotANumber", () => RecipeWith(key, "x"), $"'{name}'");
        Refusal.Of("RecipeEmptyValue", () => RecipeWith(key, string.Empty), $"{name}={key.Examples[0]}");
    }

    /// <summary>Of a threshold, the name tells where it ended.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void File_names_tell_the_key(string name)
    {
        RecipeKey key = RecipeKey.Find(name)!;
        string example = key == RecipeKey.Rescale ? "2" : key.Examples[0];
        ResizeRecipe recipe = RecipeWith(key, example);
        string words = OutputName.Words(new OutputRecord { Recipe = recipe, Threshold = (recipe.Threshold ?? -1) + 0.5 });
        Assert.Contains($"{key.Word}{example}", words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spn_chpt", "spn_ckpt")]
    [InlineData("threshold", "thr")]
    [InlineData("siez", "size")]
    [InlineData("completely_different", null)]
    public void The_closest_key_is_found(string text, string? expected) => Assert.Equal(expected, RecipeKey.Closest(text)?.Name);

    [Fact]
    public void A_number_may_have_a_condition()
    {
        Assert.Equal(0.5, Share("0.5"));
        Refusal.Of("RecipeNotPositive", () => Share("-1"), "position 5:", "'thr' must be a share of 1, not -1.");
        Refusal.Of("RecipeOutOfRange", () => Share("2"), "position 5:", "'thr' must be a share of 1, not 2.");
    }

    /// <summary>A rule may decide by the singular values alone; then nothing is said of scores.</summary>
    [Fact]
    public void A_rule_that_reads_no_scores_needs_no_weights_and_has_no_threshold()
    {
        ResizeRecipe recipe = RuleSample.Recipe(new RuleSample(2));
        Assert.Equal("sample=2", recipe.Recipe);
        Assert.Empty(recipe.Weights);
        Assert.Equal("sample2", OutputName.Words(new OutputRecord { Recipe = recipe, Threshold = recipe.ThresholdInAdvance }));
        Assert.Equal([1, 0], recipe.Score.Of(new LayerSpectrum { SingularValues = [10, 1] }));
    }

    private static double Share(string value) =>
        new RecipeValue($"thr={value}", 4, RecipeKey.Find("thr")!, value).Number("a share of 1", share => share is > 0 and <= 1);

    /// <summary>A recipe of one key, and what else a recipe needs.</summary>
    private static ResizeRecipe RecipeWith(RecipeKey key, string value) => ResizeRecipe.Parse($"{key.Name}={value}" + key switch
    {
        ScoreReference => ",thr=-1",
        MinimizeKey => ",size=1",
        SelectionKey { Role: RuleRole.Threshold or RuleRole.Limit } => ",params=1",
        SelectionKey => string.Empty,
        _ => ",params=1,thr=-1",
    });
}
