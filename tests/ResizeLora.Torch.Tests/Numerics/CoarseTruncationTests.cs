using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>Factors in 8 bits: how much rounding costs, and what it must not do to numbers of any size.</summary>
public sealed class CoarseTruncationTests
{
    private const SafetensorsDType Float8 = SafetensorsDType.F8_E4M3;

    public static TheoryData<string, int, int, int> Spectra
    {
        get
        {
            var data = new TheoryData<string, int, int, int>();
            foreach (string spectrum in new[] { "flat", "inverse", "dominant", "two", "three", "half" })
            {
                foreach ((int rows, int rank, int columns) in new[] { (64, 1, 96), (96, 2, 64), (64, 3, 96), (33, 8, 50), (130, 16, 170), (96, 30, 128), (400, 16, 420), (380, 64, 512) })
                    data.Add(spectrum, rows, rank, columns);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Spectra))]
    public void Costs_what_it_says_and_never_more_than_without_a_rotation(string spectrum, int rows, int rank, int columns)
    {
        (LayerFactors layer, double[] values) = Layer(spectrum, rows, rank, columns);
        var request = new TruncationRequest([.. Enumerable.Range(0, rank)], 1, Float8, HasAlpha: true);
        TruncatedFactors factors = Assert.Single(TestEngine.Torch.Truncate(layer, null, [request]));
        double error = (TestEngine.Effective(layer, factors, request) - Change(layer)).FrobeniusNorm;

        Assert.Equal(1, factors.RoundingError / error, 0.01);
        Assert.True(error <= PlainError(layer, request.Kept) * 1.005, $"{error} instead of {PlainError(layer, request.Kept)}");

        // What is predicted from the singular values alone.
        double expected = Math.Sqrt(RoundingError.Squared(Float8.Format(), rank, values.Sum(), values.Sum(value => value * value)));
        Assert.InRange(error / expected, 0.3, 1.25);
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F32")]
    public void Other_formats_cost_what_they_say_too(string type)
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);
        foreach ((int rows, int rank, int columns) in new[] { (64, 1, 96), (130, 16, 170), (400, 16, 420), (401, 5, 513) })
        {
            (LayerFactors layer, double[] values) = Layer("inverse", rows, rank, columns);
            layer = layer with { Scale = -3 };
            var request = new TruncationRequest([.. Enumerable.Range(0, rank)], 0.7, dtype, HasAlpha: true);
            TruncatedFactors factors = Assert.Single(TestEngine.Torch.Truncate(layer, null, [request]));
            double error = (TestEngine.Effective(layer, factors, request) - (0.7 * Change(layer))).FrobeniusNorm;
            Assert.Equal(1, factors.RoundingError / error, 0.01);
            Assert.Equal(1, 2.1 * Math.Sqrt(RoundingError.Squared(dtype.Format(), rank, values.Sum(), values.Sum(value => value * value))) / error, 0.15);
        }
    }

    [Theory]
    [InlineData(1e-30)]
    [InlineData(1e-12)]
    [InlineData(1)]
    [InlineData(1e12)]
    [InlineData(1e30)]
    public void Layers_of_any_magnitude_lose_as_little(double magnitude)
    {
        (LayerFactors layer, _) = Layer("inverse", 64, 8, 96);
        layer = layer with { Scale = magnitude };
        var request = new TruncationRequest([.. Enumerable.Range(0, 8)], 1, Float8, HasAlpha: true) { Rank = 10 };
        TruncatedFactors factors = Assert.Single(TestEngine.Torch.Truncate(layer, null, [request]));
        AssertSound(layer, request, factors, 0.038);
        Assert.Equal((double)(float)factors.Alpha, factors.Alpha);
    }

    [Theory]
    [InlineData("huge")]
    [InlineData("zero rows")]
    [InlineData("subnormal")]
    [InlineData("one-hot")]
    [InlineData("equal")]
    public void Entries_of_any_kind_neither_saturate_nor_vanish(string kind)
    {
        var random = new Random(5);
        Matrix up = Matrix.Gaussian(60, 6, random);
        Matrix down = Matrix.Gaussian(6, 80, random);
        switch (kind)
        {
            case "huge":
                up[7, 3] = 1e6;
                down[2, 11] = -1e7;
                break;
            case "zero rows":
                up = up.Map((row, k) => row % 3 == 0 ? 0 : up[row, k]);
                down = down.Map((k, column) => column % 5 == 0 ? 0 : down[k, column]);
                break;
            case "subnormal":
                up = up.Map((row, k) => up[row, k] * 1e-40);
                break;
            case "one-hot":
                up = up.Map((row, k) => row == k ? 1 : 0);
                break;
            default:
                up = up.Map((_, _) => 1);
                break;
        }

        LayerFactors layer = new(TestEngine.Store(up, SafetensorsDType.F64, "up"), TestEngine.Store(down, SafetensorsDType.F64, "down"), 1);
        int count = kind == "equal" ? 1 : 6;
        var request = new TruncationRequest([.. Enumerable.Range(0, count)], 1, Float8, HasAlpha: true);
        AssertSound(layer, request, Assert.Single(TestEngine.Torch.Truncate(layer, null, [request])), 0.045);
    }

    [Fact]
    public void A_full_weight_is_rotated_too()
    {
        Matrix left = Orthonormal(60, 40, 3);
        Matrix weight = left.Map((row, k) => left[row, k] * Math.Pow(0.7, k)) * Orthonormal(70, 40, 4).Transpose();
        var layer = LayerFactors.Of(TestEngine.Store(weight), 2);
        var request = new TruncationRequest([.. Enumerable.Range(0, 20)], 1, Float8, HasAlpha: true);
        TruncatedFactors factors = Assert.Single(TestEngine.Torch.Truncate(layer, null, [request]));
        Matrix read = factors.Alpha / 20 * (Read(factors.Up, 60, 20) * Read(factors.Down, 20, 70));
        Matrix kept = left.Map((row, k) => k < 20 ? 2 * left[row, k] * Math.Pow(0.7, k) : 0) * Orthonormal(70, 40, 4).Transpose();
        double error = (read - kept).FrobeniusNorm;
        Assert.Equal(1, factors.RoundingError / error, 0.01);
        Assert.True(error < 0.025 * kept.FrobeniusNorm, $"{error / kept.FrobeniusNorm}");
    }

    [Fact]
    public void Is_the_same_to_the_bit_from_any_thread()
    {
        (LayerFactors layer, _) = Layer("inverse", 400, 24, 420);
        var request = new TruncationRequest([.. Enumerable.Range(0, 20)], 1, Float8, HasAlpha: true);
        TruncatedFactors expected = TestEngine.Torch.Truncate(layer, null, [request])[0];
        Parallel.For(0, 8, _ =>
        {
            using LayerDecomposition decomposition = TestEngine.Torch.Decompose(layer);
            TruncatedFactors actual = TestEngine.Torch.Truncate(layer, decomposition.Basis, [request])[0];
            Assert.Equal(expected.Up.Span, actual.Up.Span);
            Assert.Equal(expected.Down.Span, actual.Down.Span);
            Assert.Equal(expected.RoundingError, actual.RoundingError);
        });
    }

    private static void AssertSound(LayerFactors layer, TruncationRequest request, TruncatedFactors factors, double tolerance)
    {
        Matrix change = Change(layer);
        Matrix read = TestEngine.Effective(layer, factors, request);
        double error = (read - change).FrobeniusNorm / change.FrobeniusNorm;
        Assert.True(error <= tolerance, $"{error}");
        Assert.Equal(1, factors.RoundingError / (read - change).FrobeniusNorm, 0.01);
        Assert.DoesNotContain((byte)0x7F, factors.Up.Span.ToArray().Concat(factors.Down.Span.ToArray()).Select(code => (byte)(code & 0x7F)));
    }

    private static Matrix Read(Common.PooledBytes bytes, int rows, int columns) => PlainEngine.ToMatrix(new("factor", bytes.Memory, Float8, rows, columns));

    private static Matrix Change(LayerFactors layer) => layer.Scale * (PlainEngine.ToMatrix(layer.Up) * PlainEngine.ToMatrix(layer.Down));

    /// <summary>What storing the balanced factors costs as they are, each scaled by a power of two to entries of about 4.</summary>
    private static double PlainError(LayerFactors layer, IReadOnlyList<int> kept)
    {
        JacobiSvd svd = TestEngine.Exact(layer);
        Matrix up = svd.U.SelectColumns(kept);
        Matrix down = svd.Vt.Transpose().SelectColumns(kept).Transpose();
        up = up.Map((row, k) => up[row, k] * Math.Sqrt(svd.Values[kept[k]]));
        down = down.Map((k, column) => down[k, column] * Math.Sqrt(svd.Values[kept[k]]));
        return Math.Abs(layer.Scale) * ((Stored(up) * Stored(down)) - (up * down)).FrobeniusNorm;

        static Matrix Stored(Matrix factor)
        {
            double scale = Math.ScaleB(1, (int)Math.Round(Math.Log2(4 / (factor.FrobeniusNorm / Math.Sqrt(factor.Rows * factor.Columns)))));
            return factor.Map((row, column) => SampleElement.Round(Float8, scale * factor[row, column]) / scale);
        }
    }

    private static (LayerFactors Layer, double[] Values) Layer(string spectrum, int rows, int rank, int columns)
    {
        double[] values = [.. Enumerable.Range(0, rank).Select(i => spectrum switch
        {
            "flat" => 1 - (1e-4 * i),
            "inverse" => 1.0 / (i + 1),
            "dominant" => i == 0 ? 1 : 1e-5,
            "two" => i < 2 ? 1 : 1e-5,
            "three" => i < 3 ? 1 - (0.1 * i) : 1e-5,
            _ => i <= rank / 2 ? 1 : 1e-5,
        })];
        Matrix left = Orthonormal(rows, rank, rows);
        Matrix up = left.Map((row, k) => left[row, k] * values[k]);
        return (new LayerFactors(TestEngine.Store(up, SafetensorsDType.F64, "up"), TestEngine.Store(Orthonormal(columns, rank, columns).Transpose(), SafetensorsDType.F64, "down"), 1), values);
    }

    /// <summary>Orthonormal columns of random directions.</summary>
    private static Matrix Orthonormal(int rows, int columns, int seed)
    {
        Matrix matrix = Matrix.Gaussian(rows, columns, new Random(seed));
        for (int k = 0; k < columns; k++)
        {
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < k; j++)
                {
                    double dot = Enumerable.Range(0, rows).Sum(row => matrix[row, j] * matrix[row, k]);
                    for (int row = 0; row < rows; row++)
                        matrix[row, k] -= dot * matrix[row, j];
                }
            }

            double norm = Math.Sqrt(Enumerable.Range(0, rows).Sum(row => matrix[row, k] * matrix[row, k]));
            for (int row = 0; row < rows; row++)
                matrix[row, k] /= norm;
        }

        return matrix;
    }
}
