using System.Globalization;
using ResizeLora.Recipes;
using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

/// <summary>Choices by what they cost, against all choices that there are.</summary>
public class ErrorMinimizerTests
{
    [Theory]
    [InlineData("minimize=error", 1)]
    [InlineData("minimize=error", 2)]
    [InlineData("minimize=error_ckpt", 3)]
    public void No_choice_that_fits_has_less_error(string recipe, int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 150; round++)
        {
            var file = new SampleFile(random, RandomOptions.Limits(random), recipe);
            long budget = random.NextInt64(file.Choices.Min(choice => choice.Length) - 3, file.Choices.Max(choice => choice.Length) + 10);

            KeptValues? kept = file.Select(FormattableString.Invariant($"size={budget / 1048576.0:R}"));

            Choice[] fitting = [.. file.Choices.Where(choice => choice.Length <= budget)];
            if (fitting.Length == 0)
            {
                Assert.Null(kept);
                continue;
            }

            Assert.True(file.Length(kept!.Ranks) <= budget);
            Assert.Equal(fitting.Min(choice => choice.Weighted), file.Weighted(kept.Ranks), 1e-12 * file.AllLost);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void No_smaller_file_is_within_the_error(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 150; round++)
        {
            var file = new SampleFile(random, RandomOptions.Limits(random), "minimize=error");
            double limit = Math.Sqrt(0.001 + 0.998 * random.NextDouble());

            KeptValues kept = file.Select(FormattableString.Invariant($"error={limit:R}"))!;

            Choice[] within = [.. file.Choices.Where(choice => Math.Sqrt(choice.Error / file.AllLost) <= limit)];
            if (within.Length == 0)
            {
                Assert.Equal(file.Choices.Min(choice => choice.Error), file.Error(kept.Ranks), 1e-12 * file.AllLost);
                continue;
            }

            Assert.True(file.RelativeError(kept) <= limit);
            Assert.Equal(within.Min(choice => choice.Length), file.Length(kept.Ranks));
        }
    }

    [Fact]
    public void Of_a_size_and_an_error_the_smaller_file_counts()
    {
        var random = new Random(6);
        for (int round = 0; round < 50; round++)
        {
            var file = new SampleFile(random, RankLimits.None, "minimize=error");
            long budget = random.NextInt64(file.Choices.Min(choice => choice.Length), file.Choices.Max(choice => choice.Length));
            string size = FormattableString.Invariant($"size={budget / 1048576.0:R}");
            const string Error = "error=0.4";

            IReadOnlyList<int> both = file.Select($"{size},{Error}")!.Ranks;

            Assert.Equal(Math.Min(file.Length(file.Select(size)!.Ranks), file.Length(file.Select(Error)!.Ranks)), file.Length(both));
        }
    }

    /// <summary>Thousands of values can't all be tried; but the relaxation's bound is near.</summary>
    [Fact]
    public void Many_layers_come_near_the_bound()
    {
        var random = new Random(7);
        double[][] values = [.. Enumerable.Range(0, 300).Select(_ => Spectrum(random, 64))];
        int[] costs = [.. values.Select(_ => 1280 * random.Next(1, 9))];
        double[][] errors = [.. values.Select(Errors)];
        long Length(KeptValues kept) => kept.Ranks.Select((rank, layer) => (long)rank * costs[layer]).Sum();
        long budget = values.Select((_, layer) => 64L * costs[layer]).Sum() / 3;
        var sample = new SampleCosts(Length) { Layer = (layer, rank) => (long)rank * costs[layer], Errors = errors };
        var recipe = ResizeRecipe.Parse(string.Create(CultureInfo.InvariantCulture, $"minimize=error,size={budget / 1048576.0:R}"));

        KeptValues kept = new Selector(recipe, [.. values.Select(LayerOf)], new RankRule(RankLimits.None, []), sample).Select()!;

        // The same in other words: all values by what they gain for their cost, the last one in part.
        double bound = errors.Sum(layer => layer[0]);
        double room = budget;
        foreach ((double gain, int cost) in values.SelectMany((layer, number) => layer.Select(value => (value * value, costs[number]))).OrderByDescending(value => value.Item1 / value.Item2))
        {
            bound -= gain * Math.Min(1, room / cost);
            room = Math.Max(0, room - cost);
        }

        double error = kept.Ranks.Select((rank, layer) => errors[layer][rank]).Sum();
        Assert.True(Length(kept) <= budget);
        Assert.InRange(error / bound, 1, 1.0001);
    }

    private static double[] Spectrum(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Math.Exp(3 * random.NextDouble())).OrderDescending()];

    private static double[] Errors(double[] values) => [.. Enumerable.Range(0, values.Length + 1).Select(count => values.Skip(count).Sum(value => value * value))];

    private static LayerSpectrum LayerOf(double[] values) => new() { SingularValues = values, Scores = [.. values.Select(Math.Log10)] };

    private sealed record Choice(int[] Ranks, long Length, double Error, double Weighted);

    /// <summary>A file of a few layers, with digits in its lengths that depend on all layers, and all its choices.</summary>
    private sealed class SampleFile
    {
        private readonly string _recipe;
        private readonly double[][] _values;
        private readonly double[][] _errors;
        private readonly double[] _norms;
        private readonly int[] _costs;
        private readonly RankRule _ranks;

        public SampleFile(Random random, RankLimits limits, string recipe)
        {
            _recipe = recipe;
            _values = [.. Enumerable.Range(0, 6).Select(_ => Spectrum(random, random.Next(1, 5)))];
            _errors = [.. _values.Select(Errors)];
            _norms = [.. _values.Select(_ => Math.Exp(random.NextDouble()))];
            _costs = [.. _values.Select(_ => random.Next(20, 400))];
            _ranks = new RankRule(limits, [[0, 1, 2], [3, 4]]);
            AllLost = _errors.Sum(layer => layer[0]);
            Choices = [.. Wishes().Select(_ranks.Apply).Select(ranks => new Choice(ranks, Length(ranks), Error(ranks), Weighted(ranks)))];
        }

        public double AllLost { get; }

        public Choice[] Choices { get; }

        /// <summary>With a header that takes 8 bytes more where the file gets long.</summary>
        public long Length(IReadOnlyList<int> ranks)
        {
            long bytes = 64 + ranks.Select((rank, layer) => rank == 0 ? 0 : Layer(layer, rank)).Sum();
            return (bytes + bytes.ToString(CultureInfo.InvariantCulture).Length + 7) / 8 * 8;
        }

        public double Error(IReadOnlyList<int> ranks) => ranks.Select((rank, layer) => ErrorOf(rank, layer)).Sum();

        public double Weighted(IReadOnlyList<int> ranks) =>
            ranks.Select((rank, layer) => ErrorOf(rank, layer) / (_recipe.EndsWith("ckpt", StringComparison.Ordinal) ? _norms[layer] * _norms[layer] : 1)).Sum();

        public double RelativeError(KeptValues kept) => Math.Sqrt(Error(kept.Ranks) / AllLost);

        public KeptValues? Select(string stop)
        {
            var costs = new SampleCosts(kept => Length(kept.Ranks)) { Error = RelativeError, Layer = Layer, Errors = _errors };
            var recipe = ResizeRecipe.Parse($"{_recipe},{stop}");
            return new Selector(recipe, [.. _values.Select((values, layer) => LayerOf(values) with { BaseFrobeniusNorm = _norms[layer] })], _ranks, costs).Select();
        }

        private double ErrorOf(int rank, int layer) => _errors[layer][Math.Min(rank, _values[layer].Length)];

        private long Layer(int layer, int rank) => rank == 0 ? 0 : 90 + (long)rank * _costs[layer];

        private IEnumerable<int[]> Wishes()
        {
            int[] counts = [.. _values.Select(values => values.Length + 1)];
            for (int number = 0; number < counts.Aggregate(1, (product, count) => product * count); number++)
            {
                int rest = number;
                yield return [.. counts.Select(count => { int wish = rest % count; rest /= count; return wish; })];
            }
        }
    }
}
