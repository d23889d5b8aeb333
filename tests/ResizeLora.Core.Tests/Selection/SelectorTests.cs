using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

public class SelectorTests
{
    private static readonly double[][] Scores = [[3, 1, -1], [2, 1, 0], []];

    [Fact]
    public void The_threshold_itself_is_kept()
    {
        KeptValues kept = Select(Scores, 1, null, _ => throw new InvalidOperationException("No size is asked for."))!;
        AssertKept(kept, [0, 1], [0, 1], []);
        Assert.Equal(1, kept.Threshold);
    }

    [Fact]
    public void A_hair_above_the_threshold_is_not_kept()
    {
        KeptValues kept = Select(Scores, Math.BitIncrement(1), null, Bytes)!;
        AssertKept(kept, [0], [0], []);
    }

    [Fact]
    public void A_threshold_above_all_scores_keeps_nothing() =>
        Assert.Equal(0, Select(Scores, 9, null, Bytes)!.Rank);

    [Fact]
    public void Where_all_fits_all_is_kept_and_the_threshold_is_minus_infinity()
    {
        KeptValues kept = Select(Scores, null, 6, Bytes)!;
        AssertKept(kept, [0, 1, 2], [0, 1, 2], []);
        Assert.Equal(double.NegativeInfinity, kept.Threshold);
    }

    [Fact]
    public void A_score_of_minus_infinity_is_never_kept()
    {
        double[][] scores = [[1, double.NegativeInfinity], [double.NegativeInfinity]];
        AssertKept(Select(scores, null, 100, Bytes)!, [0], []);
        AssertKept(Select(scores, double.MinValue, null, Bytes)!, [0], []);
    }

    [Fact]
    public void A_budget_keeps_the_best_scores_and_its_threshold_is_the_least_of_them()
    {
        KeptValues kept = Select(Scores, null, 2, Bytes)!;
        AssertKept(kept, [0], [0], []);
        Assert.Equal(2, kept.Threshold);
    }

    [Fact]
    public void Ties_go_by_position()
    {
        AssertKept(Select(Scores, null, 3, Bytes)!, [0, 1], [0], []);
        AssertKept(Select([[5, 5], [5, 5]], null, 3, Bytes)!, [0, 1], [0]);
    }

    [Fact]
    public void Scores_need_not_fall_within_a_layer()
    {
        // As with `subspace`: a small singular value may score above a great one.
        AssertKept(Select([[1, 5, 3]], null, 2, Bytes)!, [1, 2]);
        AssertKept(Select([[1, 5, 3]], 3, null, Bytes)!, [1, 2]);
    }

    [Fact]
    public void Threshold_and_budget_both_hold()
    {
        AssertKept(Select(Scores, 1, 100, Bytes)!, [0, 1], [0, 1], []);
        AssertKept(Select(Scores, 1, 2, Bytes)!, [0], [0], []);
    }

    [Fact]
    public void Where_the_budget_takes_all_that_reaches_the_threshold_the_threshold_stays_as_given()
    {
        Assert.Equal(0.5, Select(Scores, 0.5, 4, Bytes)!.Threshold);
        Assert.Equal(1, Select(Scores, 0.5, 3, Bytes)!.Threshold);
    }

    [Fact]
    public void Null_where_not_even_nothing_fits()
    {
        Assert.Null(Select(Scores, null, 9, kept => 10 + kept.Rank));
        Assert.Null(Select(Scores, 100, 9, kept => 10 + kept.Rank));
    }

    [Fact]
    public void Nothing_is_kept_where_the_first_value_does_not_fit() =>
        Assert.Equal(0, Select(Scores, null, 10, kept => 10 + kept.Rank)!.Rank);

    [Fact]
    public void The_budget_is_used_to_the_byte()
    {
        var random = new Random(11);
        for (int round = 0; round < 200; round++)
        {
            double[][] scores = RandomScores(random);
            int[] costs = [.. scores.Select(_ => random.Next(1, 50))];
            AssertExact(scores, random, kept => 64 + kept.Indices.Select((indices, layer) => (indices.Count * costs[layer]) + (indices.Count > 0 ? 7 : 0)).Sum());
        }
    }

    [Fact]
    public void The_budget_holds_where_one_more_value_may_make_a_file_shorter()
    {
        // As where the text of a threshold in the metadata is shorter than that of the one before.
        var random = new Random(12);
        for (int round = 0; round < 200; round++)
        {
            int[] noise = [.. Enumerable.Range(0, 200).Select(_ => random.Next(0, 30))];
            AssertExact(RandomScores(random), random, kept => 64 + (kept.Rank * 10) + noise[kept.Rank]);
        }
    }

    /// <summary>What is kept fits, is the best by score, and one value more in line does not fit.</summary>
    private static void AssertExact(double[][] scores, Random random, Func<KeptValues, long> fileLength)
    {
        (double Score, int Layer, int Index)[] line = [.. scores
            .SelectMany((layer, number) => layer.Select((score, index) => (score, number, index)))
            .OrderByDescending(item => item.score)];
        int least = (int)Enumerable.Range(0, line.Length + 1).Min(count => fileLength(First(count)));
        int budget = random.Next(least - 10, (int)fileLength(First(line.Length)) + 20);

        KeptValues? kept = Select(scores, null, budget, fileLength);
        if (kept is null)
        {
            Assert.True(fileLength(First(0)) > budget);
            return;
        }

        Assert.True(fileLength(kept) <= budget);
        Assert.Equal(First(kept.Rank).Indices, kept.Indices);
        if (kept.Rank < line.Length)
            Assert.True(fileLength(First(kept.Rank + 1)) > budget);

        KeptValues First(int count)
        {
            List<IReadOnlyList<int>> indices = [.. scores.Select((_, layer) => (IReadOnlyList<int>)[.. line.Take(count).Where(item => item.Layer == layer).Select(item => item.Index).Order()])];
            return new KeptValues(indices, [.. indices.Select(layer => layer.Count)], 0);
        }
    }

    private static KeptValues? Select(double[][] scores, double? threshold, long? budget, Func<KeptValues, long> fileLength) =>
        ScoredFile.Selector(scores, new RankRule(RankLimits.None, []), threshold, budget, fileLength).Select();

    private static double[][] RandomScores(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => Enumerable.Range(0, random.Next(0, 12)).Select(_ => Math.Round(random.NextDouble() * 5, 1)).ToArray())];

    private static long Bytes(KeptValues kept) => kept.Rank;

    private static void AssertKept(KeptValues kept, params int[][] expected) => Assert.Equal(expected, kept.Indices.Select(indices => indices.ToArray()));
}
