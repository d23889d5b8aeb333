using ResizeLora.Core.Tests.Recipes;
using ResizeLora.Recipes;
using ResizeLora.Recipes.Rules;
using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

/// <summary>How rules go together, with a rule of layers that does not read scores.</summary>
public class RuleTests
{
    private static readonly double[][] Scores = [[3, 1, -1], [2, 1, 0], [9], []];

    [Fact]
    public void A_rule_of_layers_alone_keeps_the_best_of_each_and_leaves_none_out() =>
        Assert.Equal([2, 2, 1, 1], Ranks(RuleSample.Recipe(new RuleSample(2))));

    [Fact]
    public void All_rules_hold()
    {
        Assert.Equal([1, 1, 1, 0], Ranks(RuleSample.Recipe(new RuleSample(2), Threshold(1.5))));
        Assert.Equal([1, 0, 1, 0], Ranks(RuleSample.Recipe(new RuleSample(2), Size(2))));
        Assert.Equal([1, 0, 1, 0], Ranks(RuleSample.Recipe(new RuleSample(1), Threshold(0), Size(2))));
        Assert.Equal([2, 2, 1, 0], Ranks(RuleSample.Recipe(new RuleSample(2), Threshold(-5), Size(100))));
    }

    [Fact]
    public void A_value_of_score_infinity_is_kept_whatever_a_rule_says() =>
        Assert.Equal([1, 1], Ranks(RuleSample.Recipe(new RuleSample(0), Threshold(5)), [double.PositiveInfinity, 1], [double.PositiveInfinity]));

    private static (SelectionKey Key, SelectionRule Rule) Threshold(double least) => ((SelectionKey)RecipeKey.Find("thr")!, new ThresholdRule(least));

    private static (SelectionKey Key, SelectionRule Rule) Size(long bytes) => ((SelectionKey)RecipeKey.Find("size")!, new SizeRule(new SizeLimit(bytes / 1048576.0, IsDecimal: false)));

    private static IReadOnlyList<int> Ranks(ResizeRecipe recipe, params double[][] scores)
    {
        LayerSpectrum[] layers = [.. (scores.Length == 0 ? Scores : scores).Select(layer => new LayerSpectrum { SingularValues = layer, Scores = layer })];
        return new Selector(recipe, layers, new RankRule(RankLimits.None, []), new SampleCosts(kept => kept.Rank)).Select()!.Ranks;
    }
}
