using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

public class SelectorRankTests
{
    private static readonly double[][] Scores = [[3, 1, -1, -2], [2, 1, 0], []];

    [Fact]
    public void A_rank_above_the_wishes_is_filled_with_the_next_best_values()
    {
        KeptValues kept = Select(new(RankMultiple: 3), threshold: 2);
        AssertKept(kept, [0, 1, 2], [0, 1, 2], []);
        Assert.Equal([3, 3, 0], kept.Ranks);
        Assert.Equal(2, kept.Threshold);
    }

    [Fact]
    public void A_layer_with_fewer_values_than_its_rank_has_all_of_them()
    {
        KeptValues kept = Select(new(RankMultiple: 8), threshold: 2);
        AssertKept(kept, [0, 1, 2, 3], [0, 1, 2], []);
        Assert.Equal([8, 8, 0], kept.Ranks);
        Assert.Equal(16, kept.Rank);
    }

    [Fact]
    public void A_value_of_score_minus_infinity_fills_no_rank()
    {
        KeptValues kept = ScoredFile.Selector([[1, double.NegativeInfinity]], Rule(new(RankMultiple: 2)), 0, null, Unasked).Select()!;
        AssertKept(kept, [0]);
        Assert.Equal([2], kept.Ranks);
    }

    [Fact]
    public void The_maximum_keeps_the_highest_scores_also_where_they_are_not_the_first()
    {
        KeptValues kept = ScoredFile.Selector([[1, 5, 3]], Rule(new(MaxRank: 2)), 0, null, Unasked).Select()!;
        AssertKept(kept, [1, 2]);
    }

    [Fact]
    public void Fused_layers_keep_their_own_best_values()
    {
        KeptValues kept = ScoredFile.Selector([[9, 8, 7], [1, 2, 3]], new RankRule(new(EqualRank: true), [[0, 1]]), 7.5, null, Unasked).Select()!;
        AssertKept(kept, [0, 1], [1, 2]);
    }

    [Fact]
    public void A_fixed_rank_keeps_every_layer_whatever_the_threshold()
    {
        KeptValues kept = Select(new(Rank: 2), threshold: 100);
        AssertKept(kept, [0, 1], [0, 1], []);
        Assert.Equal([2, 2, 2], kept.Ranks);
    }

    [Fact]
    public void A_fixed_rank_that_does_not_fit_is_no_choice()
    {
        Selector tooSmall = ScoredFile.Selector(Scores, Rule(new(Rank: 2)), null, 5, kept => kept.Rank);
        Assert.Null(tooSmall.Select());
        Assert.Equal(6, tooSmall.Least.Rank);
        Assert.Equal([2, 2, 2], ScoredFile.Selector(Scores, Rule(new(Rank: 2)), null, 6, kept => kept.Rank).Select()!.Ranks);
    }

    [Fact]
    public void With_any_options_the_file_fits_and_one_more_wish_would_not()
    {
        var random = new Random(5);
        int cut = 0;
        for (int round = 0; round < 2000; round++)
        {
            double[][] scores = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => Enumerable.Range(0, random.Next(0, 14)).Select(_ => random.Next(10) == 0 ? double.NegativeInfinity : Math.Round(random.NextDouble() * 5, 1)).ToArray())];
            RankLimits limits = RandomOptions.Limits(random);
            int[][] fused = [.. Enumerable.Range(0, scores.Length).Chunk(3).Where(group => group.Length > 1)];
            int[] costs = [.. scores.Select(_ => random.Next(1, 50))];
            long Length(KeptValues kept) => 64 + kept.Ranks.Select((rank, layer) => (rank * costs[layer]) + (rank > 0 ? 7 : 0)).Sum();
            double? threshold = random.Next(2) == 0 ? Math.Round(random.NextDouble() * 5, 1) : null;

            // Independent of the code under test: every number of wishes, from all candidates in the order of scores.
            (double Score, int Layer)[] line = [.. scores
                .SelectMany((layer, number) => layer.Select(score => (score, number)))
                .Where(item => item.score >= (threshold ?? -1))
                .OrderByDescending(item => item.score)];
            int[][] ranks = [.. Enumerable.Range(0, line.Length + 1).Select(count => RanksOf(limits, fused, [.. scores.Select((_, layer) => line.Take(count).Count(item => item.Layer == layer))]))];
            long[] lengths = [.. ranks.Select(choice => Length(new KeptValues([], choice, 0)))];
            long budget = random.NextInt64(lengths.Min() - 5, lengths.Max() + 20);

            KeptValues? kept = ScoredFile.Selector(scores, new RankRule(limits, fused), threshold, budget, Length).Select();

            int fitting = Array.FindLastIndex(lengths, length => length <= budget);
            if (fitting < 0)
            {
                Assert.Null(kept);
                continue;
            }

            Assert.Equal(ranks[fitting], kept!.Ranks);
            Assert.True(Length(kept) <= budget);
            if (fitting < line.Length)
            {
                Assert.True(lengths[fitting + 1] > budget);
                cut++;
            }

            for (int layer = 0; layer < scores.Length; layer++)
            {
                double[] best = [.. scores[layer].Where(double.IsFinite).OrderDescending().Take(kept.Ranks[layer])];
                Assert.Equal(best, kept.Indices[layer].Select(index => scores[layer][index]).OrderDescending());
            }
        }

        Assert.True(cut > 500, $"Only {cut} budgets were used up.");
    }

    /// <summary>The options in other words.</summary>
    private static int[] RanksOf(RankLimits limits, int[][] fused, int[] wished) => [.. wished.Select((own, layer) =>
    {
        if (limits.Rank is { } rank)
            return rank;

        int[] group = limits.EqualRank ? fused.FirstOrDefault(group => group.Contains(layer), [layer]) : [layer];
        int wish = group.Max(member => wished[member]);
        while (wish % (limits.RankMultiple ?? 1) != 0)
            wish++;
        while (wish > limits.MaxRank || wish % (limits.RankMultiple ?? 1) != 0)
            wish--;
        return wish;
    })];

    private static KeptValues Select(RankLimits limits, double threshold) => ScoredFile.Selector(Scores, Rule(limits), threshold, null, Unasked).Select()!;

    private static RankRule Rule(RankLimits limits) => new(limits, []);

    private static long Unasked(KeptValues kept) => throw new InvalidOperationException("No size is asked for.");

    private static void AssertKept(KeptValues kept, params int[][] expected) => Assert.Equal(expected, kept.Indices.Select(indices => indices.ToArray()));
}
