using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Golden;

/// <summary>The 72 cases of shared golden data, through the cmdlets.</summary>
public sealed class GoldenCaseTests(GoldenRun run) : IClassFixture<GoldenRun>
{
    public static TheoryData<string, string> ThresholdCases() => Select(item => item.SizeMib is null && item.TotalKept > 0);

    public static TheoryData<string, string> SizeCases() => Select(item => item.SizeMib is not null);

    public static TheoryData<string, string> EmptyCases() => Select(item => item.TotalKept == 0);

    public static TheoryData<string, string> AllButEmpty() => Select(item => item.TotalKept > 0);

    [Fact]
    public void There_are_72_cases() =>
        Assert.Equal(72, ThresholdCases().Count + SizeCases().Count + EmptyCases().Count);

    [Theory]
    [MemberData(nameof(ThresholdCases))]
    public void Threshold_keeps_the_expected_ranks(string lora, string recipe)
    {
        GoldenCase item = Case(lora, recipe);
        Assert.True(item.MinMargin > 1e-5);
        Assert.Equal(item.Kept.OrderBy(pair => pair.Key, StringComparer.Ordinal), Ranks(lora, recipe, ResizePrecision.Float32).OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ThresholdCases))]
    public void Threshold_keeps_the_same_in_every_precision(string lora, string recipe) =>
        Assert.Equal(Ranks(lora, recipe, ResizePrecision.Float32), Ranks(lora, recipe, ResizePrecision.Float16));

    [Theory]
    [MemberData(nameof(ThresholdCases))]
    public void Files_are_named_as_the_original_names_them(string lora, string recipe)
    {
        GoldenCase item = Case(lora, recipe);
        Assert.Equal(item.ReferenceFile, run.Result(lora, recipe, ResizePrecision.Float16)!.Name);
    }

    [Theory]
    [MemberData(nameof(ThresholdCases))]
    public void Norms_of_what_is_kept_are_exact(string lora, string recipe)
    {
        GoldenCase item = Case(lora, recipe);
        AssertNorms(item, ResizePrecision.Float32, 1e-5);
        AssertNorms(item, ResizePrecision.Float16, 4e-4);
    }

    [Theory]
    [MemberData(nameof(EmptyCases))]
    public void Nothing_kept_is_an_error_and_no_file(string lora, string recipe)
    {
        Assert.Null(run.Result(lora, recipe, ResizePrecision.Float32));
        Assert.Equal("NothingKept", run.ErrorId(lora, recipe));
    }

    [Theory]
    [MemberData(nameof(SizeCases))]
    public void Size_is_never_exceeded_and_the_next_value_would_not_fit(string lora, string recipe)
    {
        GoldenCase item = Case(lora, recipe);
        foreach ((ResizePrecision precision, int elementSize) in new[] { (ResizePrecision.Float32, 4), (ResizePrecision.Float16, 2) })
        {
            ResizeResult result = run.Result(lora, recipe, precision)!;
            double budget = item.SizeMib!.Value * (1 << 20);
            Assert.Equal(new FileInfo(result.Path).Length, result.Size);
            Assert.True(result.Size <= budget);

            // The best scores are kept, in their order, and no other.
            List<(string Layer, int Index, double Score)> ranked = GoldenScores.Ranked(item);
            Dictionary<string, int> expected = ranked.Take(result.Rank).GroupBy(score => score.Layer, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count());
            Dictionary<string, int> kept = Ranks(lora, recipe, precision);
            Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), kept.OrderBy(pair => pair.Key, StringComparer.Ordinal));
            if (result.Rank == ranked.Count)
            {
                Assert.Equal(double.NegativeInfinity, result.Threshold);
                continue;
            }

            GoldenLayer next = GoldenData.Truth.Loras[lora].Layers[ranked[result.Rank].Layer];
            long growth = (next.UpShape[0] + next.DownShape.Skip(1).Aggregate(1L, (product, size) => product * size)) * elementSize;

            // A layer that appears brings its header entries; a number that grows may bring a digit.
            long header = kept.ContainsKey(ranked[result.Rank].Layer) ? 64 : 512;
            Assert.True(result.Size + growth + header > budget);
            Assert.Equal(ranked[result.Rank - 1].Score, result.Threshold, 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(AllButEmpty))]
    public void Effective_delta_is_the_truncated_delta_of_the_input(string lora, string recipe)
    {
        double rescale = Case(lora, recipe).Rescale;
        Dictionary<string, HashSet<int>> kept = KeptIndices(lora, recipe, ResizePrecision.Float32);
        Dictionary<string, Matrix> written = LoraFile.EffectiveDeltas(run.Result(lora, recipe, ResizePrecision.Float32)!.Path);
        Assert.Equal(kept.Count, written.Count);
        foreach ((string layer, HashSet<int> indices) in kept)
        {
            (double scale, JacobiSvd svd) = Exact.Of(lora, layer);
            Matrix ideal = scale * rescale * svd.Part([.. indices.Order()]);
            Assert.True((written[layer] - ideal).FrobeniusNorm <= 1e-6 * ideal.FrobeniusNorm, layer);
        }
    }

    [Theory]
    [MemberData(nameof(AllButEmpty))]
    public void Half_precision_is_no_worse_than_rounding_the_ideal_factors(string lora, string recipe)
    {
        double rescale = Case(lora, recipe).Rescale;
        Dictionary<string, HashSet<int>> kept = KeptIndices(lora, recipe, ResizePrecision.Float16);
        Dictionary<string, Matrix> written = LoraFile.EffectiveDeltas(run.Result(lora, recipe, ResizePrecision.Float16)!.Path);
        foreach ((string layer, HashSet<int> indices) in kept)
        {
            (double scale, JacobiSvd svd) = Exact.Of(lora, layer);
            int[] order = [.. indices.Order()];
            Matrix ideal = scale * rescale * svd.Part(order);
            double error = (written[layer] - ideal).FrobeniusNorm;
            double rounding = (RoundedIdeal(svd, order, scale * rescale) - ideal).FrobeniusNorm;

            // Singular vectors of near-equal values, and so their rounding, may differ: hence the tenth.
            Assert.True(error <= 1.1 * rounding + 1e-7 * ideal.FrobeniusNorm, $"{layer}: {error} > {rounding}");
        }
    }

    private static Matrix RoundedIdeal(JacobiSvd svd, int[] kept, double scale)
    {
        Matrix u = svd.U.SelectColumns(kept);
        Matrix v = svd.Vt.Transpose().SelectColumns(kept);
        Matrix up = u.Map((row, k) => (double)(Half)(u[row, k] * Math.Sqrt(svd.Values[kept[k]] * Math.Abs(scale))));
        Matrix down = v.Map((row, k) => (double)(Half)(v[row, k] * Math.Sqrt(svd.Values[kept[k]] * Math.Abs(scale))));
        return Math.Sign(scale) * (up * down.Transpose());
    }

    private static GoldenCase Case(string lora, string recipe) =>
        GoldenData.Cases.Single(item => item.Lora == lora && item.Recipe == recipe);

    private static TheoryData<string, string> Select(Func<GoldenCase, bool> predicate)
    {
        var data = new TheoryData<string, string>();
        foreach (GoldenCase item in GoldenData.Cases.Where(predicate))
            data.Add(item.Lora, item.Recipe);
        return data;
    }

    private Dictionary<string, int> Ranks(string lora, string recipe, ResizePrecision precision)
    {
        using SafetensorsFile file = SafetensorsFile.Open(run.Result(lora, recipe, precision)!.Path);
        return file.Header.Tensors
            .Where(tensor => tensor.Name.EndsWith(".lora_down.weight", StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Name[..^".lora_down.weight".Length], tensor => (int)tensor.Shape[0], StringComparer.Ordinal);
    }

    /// <summary>Which singular values the truth says are kept, as many as the file has.</summary>
    private Dictionary<string, HashSet<int>> KeptIndices(string lora, string recipe, ResizePrecision precision) => GoldenScores
        .Ranked(Case(lora, recipe))
        .Take(run.Result(lora, recipe, precision)!.Rank)
        .GroupBy(score => score.Layer, score => score.Index, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.ToHashSet(), StringComparer.Ordinal);

    private void AssertNorms(GoldenCase item, ResizePrecision precision, double tolerance)
    {
        Dictionary<string, Matrix> written = LoraFile.EffectiveDeltas(run.Result(item.Lora, item.Recipe, precision)!.Path);

        // The original wrote the expected norms. Its base norms are low and its q and k of CLIP-G mixed up, so a few
        // layers that must be kept are missing there: they are checked against the exact singular values.
        Dictionary<string, HashSet<int>> kept = KeptIndices(item.Lora, item.Recipe, precision);
        foreach ((string layer, Matrix delta) in written)
        {
            double[] values = GoldenData.Truth.Loras[item.Lora].Layers[layer].SingularValues;
            double expected = item.DeltaFro.TryGetValue(layer, out double listed)
                ? listed
                : item.Rescale * Math.Sqrt(kept[layer].Sum(index => values[index] * values[index]));
            Assert.Equal(1, delta.FrobeniusNorm / expected, tolerance);
        }
    }

    /// <summary>Exact decompositions of the golden layers, each made once.</summary>
    private static class Exact
    {
        private static readonly Dictionary<(string Lora, string Layer), (double Scale, JacobiSvd Svd)> Known = [];

        public static (double Scale, JacobiSvd Svd) Of(string lora, string layer)
        {
            if (Known.Count == 0 || !Known.ContainsKey((lora, layer)))
            {
                foreach ((string name, (double scale, Matrix up, Matrix down)) in LoraFile.Layers(GoldenData.PathOf(lora)))
                    Known[(lora, name)] = (scale, JacobiSvd.OfProduct(up, down));
            }

            return Known[(lora, layer)];
        }
    }
}
