using ResizeLora.Core.Tests.Support;
using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

public class RankRuleTests
{
    private static readonly int[][] Fused = [[0, 1, 2], [3, 4]];

    [Fact]
    public void Without_options_wishes_are_ranks() =>
        Assert.Equal([0, 5, 3, 7, 0, 1], Apply(RankLimits.None, 0, 5, 3, 7, 0, 1));

    [Fact]
    public void Fused_layers_get_the_largest_rank_that_one_of_them_wishes_for() =>
        Assert.Equal([5, 5, 5, 0, 0, 1], Apply(new(EqualRank: true), 0, 5, 3, 0, 0, 1));

    [Fact]
    public void Ranks_are_rounded_up_to_a_multiple_and_a_layer_that_is_left_out_stays_so() =>
        Assert.Equal([0, 8, 8, 16, 8, 24], Apply(new(RankMultiple: 8), 0, 1, 8, 9, 5, 17));

    [Fact]
    public void Ranks_are_cut_to_the_maximum() =>
        Assert.Equal([0, 4, 4, 4, 3, 1], Apply(new(MaxRank: 4), 0, 5, 4, 100, 3, 1));

    [Fact]
    public void A_maximum_between_two_multiples_means_the_lower_one() =>
        Assert.Equal([8, 8, 8, 16, 16, 16], Apply(new(RankMultiple: 8, MaxRank: 20), 1, 7, 8, 9, 17, 90));

    [Fact]
    public void Equal_comes_first_then_the_multiple_then_the_maximum() =>
        Assert.Equal([16, 16, 16, 8, 8, 0], Apply(new(EqualRank: true, RankMultiple: 8, MaxRank: 16), 0, 30, 9, 1, 0, 0));

    [Fact]
    public void A_fixed_rank_is_that_of_every_layer_even_of_one_without_wishes() =>
        Assert.Equal([4, 4, 4, 4, 4, 4], Apply(new(Rank: 4), 0, 30, 9, 1, 0, 4));

    [Fact]
    public void More_wishes_never_make_a_rank_smaller_and_every_rank_obeys_the_options()
    {
        var random = new Random(3);
        for (int round = 0; round < 500; round++)
        {
            RankLimits limits = RandomOptions.Limits(random);
            var rule = new RankRule(limits, Fused);
            int[] few = [.. Enumerable.Range(0, 6).Select(_ => random.Next(0, 40))];
            int[] more = [.. few.Select(rank => rank + random.Next(0, 3))];
            int[] ranks = rule.Apply(few);

            Assert.All(ranks.Zip(rule.Apply(more)), pair => Assert.True(pair.First <= pair.Second, limits.ToString()));
            Assert.All(ranks, rank => Assert.Equal(0, rank % (limits.RankMultiple ?? 1)));
            Assert.All(ranks, rank => Assert.InRange(rank, 0, limits.MaxRank ?? int.MaxValue));
            if (limits.EqualRank)
                Assert.All(Fused, group => Assert.Single(group.Select(layer => ranks[layer]).Distinct()));
            if (limits.Rank is { } rank)
                Assert.All(ranks, written => Assert.Equal(rank, written));
        }
    }

    [Fact]
    public void A_fixed_rank_goes_with_no_other_option()
    {
        foreach (RankLimits limits in new RankLimits[] { new(Rank: 8, EqualRank: true), new(Rank: 8, RankMultiple: 8), new(Rank: 8, MaxRank: 8) })
        {
            ResizeLoraException error = Refusal.Of("RankOptionConflict", limits.Check);
            Assert.Contains($"-{limits.Given.First().Option}.", error.Message, StringComparison.Ordinal);
        }

        new RankLimits(Rank: 8).Check();
        new RankLimits(true, 8, 8).Check();
        RankLimits.None.Check();
    }

    [Fact]
    public void A_maximum_below_the_multiple_leaves_no_rank() =>
        Assert.Contains("-MaxRank to 16", Refusal.Of("RankOptionConflict", new RankLimits(RankMultiple: 16, MaxRank: 15).Check).Message, StringComparison.Ordinal);

    private static int[] Apply(RankLimits limits, params int[] wished) => new RankRule(limits, Fused).Apply(wished);
}
