using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

public sealed class SingularValueTests
{
    [Theory]
    [InlineData(64, 8, 96)]
    [InlineData(96, 32, 64)]
    [InlineData(320, 16, 64)]
    [InlineData(4, 32, 288)]
    [InlineData(40, 64, 24)]
    [InlineData(7, 1, 5)]
    public void Agree_with_an_exact_decomposition(int rows, int rank, int columns) =>
        AssertExact(TestEngine.Random(rows, rank, columns, seed: rows + rank));

    [Theory]
    [InlineData(1e-3)]
    [InlineData(1e-6)]
    [InlineData(1e-10)]
    [InlineData(1e-14)]
    public void Agree_however_steep_the_spectrum(double smallest)
    {
        const int rank = 12;
        Matrix up = Matrix.Gaussian(80, rank, new Random(1));
        Matrix steep = up.Map((row, k) => up[row, k] * Math.Pow(smallest, k / (rank - 1.0)));
        AssertExact(TestEngine.Layer(steep, Matrix.Gaussian(rank, 60, new Random(2)), dtype: SafetensorsDType.F32));
    }

    [Fact]
    public void Survive_factors_that_are_scaled_against_each_other()
    {
        const int rank = 10;
        Matrix up = Matrix.Gaussian(70, rank, new Random(3));
        Matrix down = Matrix.Gaussian(rank, 50, new Random(4));
        Matrix scaledUp = up.Map((row, k) => up[row, k] * Math.Pow(10, k - 5));
        Matrix scaledDown = down.Map((k, column) => down[k, column] * Math.Pow(10, 5 - k));
        AssertExact(TestEngine.Layer(scaledUp, scaledDown));
    }

    [Fact]
    public void Survive_rank_deficiency()
    {
        Matrix up = Matrix.Gaussian(50, 8, new Random(5));
        Matrix deficient = up.Map((row, k) => k is 3 or 6 ? up[row, 0] : k == 7 ? 0 : up[row, k]);
        double[] values = AssertExact(TestEngine.Layer(deficient, Matrix.Gaussian(8, 40, new Random(6))));
        Assert.All(values[5..], value => Assert.True(value <= 1e-12 * values[0]));
    }

    [Fact]
    public void Scale_by_the_magnitude_of_alpha()
    {
        LayerFactors layer = TestEngine.Random(30, 4, 20, seed: 7);
        double[] values = TestEngine.SingularValues(layer);
        Assert.Equal(values.Select(value => 3 * value), TestEngine.SingularValues(layer with { Scale = -3 * layer.Scale }), (x, y) => Math.Abs(x - y) <= 1e-14 * x);
    }

    [Fact]
    public void Are_zero_only_for_a_layer_of_zeros()
    {
        Matrix tiny = 1e-20 * Matrix.Gaussian(20, 4, new Random(8));
        Matrix down = Matrix.Gaussian(4, 10, new Random(9));
        Assert.All(TestEngine.SingularValues(TestEngine.Layer(tiny, down)), value => Assert.True(value > 0));
        Assert.All(TestEngine.SingularValues(TestEngine.Layer(new Matrix(20, 4), down)), value => Assert.Equal(0, value));
        Assert.Equal(4, TestEngine.SingularValues(TestEngine.Layer(tiny, down, scale: 0)).Length);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Need_finite_factors(double value)
    {
        Matrix down = Matrix.Gaussian(4, 10, new Random(10));
        down[2, 3] = value;
        NonFiniteException exception = Assert.Throws<NonFiniteException>(() => TestEngine.SingularValues(TestEngine.Layer(Matrix.Gaussian(20, 4, new Random(11)), down)));
        Assert.Equal("down", exception.TensorName);
    }

    [Theory]
    [InlineData("F64")]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F8_E4M3")]
    [InlineData("F8_E5M2")]
    public void Are_of_the_stored_numbers_in_every_type(string type)
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);
        byte[] bytes = new byte[40 * 6 * dtype.Format().Size];
        var random = new Random(12);
        int size = dtype.Format().Size;
        for (int i = 0; i < bytes.Length; i += size)
        {
            // Any finite number that is neither huge nor tiny.
            do
            {
                random.NextBytes(bytes.AsSpan(i, size));
            }
            while (Math.Abs(SampleElement.Read(dtype, bytes.AsSpan(i))) is not (> 1e-2 and < 1e2));
        }

        AssertExact(new LayerFactors(
            new StoredMatrix("up", bytes, dtype, 40, 6),
            new StoredMatrix("down", bytes, dtype, 6, 40),
            1));
    }

    private static double[] AssertExact(LayerFactors layer)
    {
        double[] expected = TestEngine.Exact(layer).Values;
        double[] actual = TestEngine.SingularValues(layer);
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected[0] * Math.Abs(layer.Scale);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i] * Math.Abs(layer.Scale), actual[i], 1e-10 * largest);
        return actual;
    }
}
