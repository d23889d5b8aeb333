using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>Spectra that are hard to compute and known beforehand, through the whole pipeline.</summary>
public sealed class KnownSpectrumTests : IDisposable
{
    private const string Name = "lora_unet_x";

    private readonly ResizeBench _bench = new();

    /// <summary>The singular values, largest first; as powers of two, so that every type can hold the factors.</summary>
    public static TheoryData<string, double[]> Spectra => new()
    {
        { "equal", Powers(12, _ => 0) },
        { "one and zeros", [1, 0, 0, 0, 0, 0] },
        { "two equal, then zeros", [4, 4, 0, 0] },
        { "pairs", Powers(12, k => -(k / 2)) },
        { "half of them much smaller", Powers(12, k => k < 6 ? 0 : -20) },
        { "falling by 2", Powers(16, k => -k) },
        { "falling by 16", Powers(10, k => -4 * k) },
        { "falling to 1e-30", Powers(6, k => -20 * k) },
        { "around 1e-30", Powers(6, k => -100 - k) },
        { "around 1e30", Powers(6, k => 100 - k) },
        { "from 1e30 to 1e-30", Powers(6, k => 100 - 40 * k) },
    };

    public static TheoryData<string, double[], string> SpectraAndTypes => Types(Spectra, "F32", "BF16", "F64");

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(SpectraAndTypes))]
    public void Singular_values_are_right(string kind, double[] values, string type)
    {
        _ = kind;
        (Matrix up, Matrix down) = Hadamard.Factors(values, [.. values.Select(_ => 1.0)]);
        AssertSpectrum(values, File(up, down, type));
    }

    [Theory]
    [InlineData(-100)]
    [InlineData(-60)]
    [InlineData(60)]
    [InlineData(100)]
    public void However_different_the_norms_of_both_factors_are(int exponent)
    {
        double[] values = Powers(8, k => -k);
        (Matrix up, Matrix down) = Hadamard.Factors([.. values.Select(value => Math.ScaleB(value, exponent))], [.. values.Select(_ => Math.ScaleB(1, -exponent))]);
        AssertSpectrum(values, File(up, down, "F32"));
    }

    [Theory]
    [InlineData(-110, "F32")]
    [InlineData(110, "F32")]
    [InlineData(-110, "BF16")]
    [InlineData(110, "BF16")]
    [InlineData(-230, "F64")]
    [InlineData(230, "F64")]
    public void However_small_or_large_both_factors_are(int exponent, string type)
    {
        double[] values = Powers(8, k => exponent - k);
        (Matrix up, Matrix down) = Hadamard.Factors(values, [.. values.Select(_ => Math.ScaleB(1, exponent))]);
        AssertSpectrum([.. values.Select(value => Math.ScaleB(value, exponent))], File(up, down, type));
    }

    [Theory]
    [InlineData(-600)]
    [InlineData(600)]
    public void Numbers_beyond_what_can_be_squared_are_right_or_refused(int exponent)
    {
        double[] values = Powers(4, k => exponent - k);
        (Matrix up, Matrix down) = Hadamard.Factors(values, [.. values.Select(_ => 1.0)]);
        try
        {
            AssertSpectrum(values, File(up, down, "F64"));
        }
        catch (ResizeLoraException exception)
        {
            Assert.Contains(Name, exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("NaN", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void However_each_column_is_scaled_against_its_row()
    {
        double[] values = Powers(8, k => -k);
        int[] exponents = [90, -90, 60, -60, 30, -30, 1, 0];
        (Matrix up, Matrix down) = Hadamard.Factors(
            [.. values.Zip(exponents, Math.ScaleB)],
            [.. exponents.Select(exponent => Math.ScaleB(1, -exponent))]);
        AssertSpectrum(values, File(up, down, "F32"));
    }

    [Fact]
    public void However_near_together_they_are()
    {
        // Neighbours in float32, which float64 tells apart easily.
        double[] values = [.. Enumerable.Range(0, 8).Select(k => 1 - k * Math.ScaleB(1, -24))];
        (Matrix up, Matrix down) = Hadamard.Factors(values, [.. values.Select(_ => 1.0)]);
        AssertSpectrum(values, File(up, down, "F64"));
    }

    [Fact]
    public void However_often_a_column_comes_again()
    {
        // Three equal columns of up against three orthogonal rows of down are one singular value of √3.
        (Matrix up, Matrix down) = Hadamard.Factors([1, 1, 1, 0.5], [1, 1, 1, 1]);
        Matrix repeated = up.Map((row, k) => up[row, k < 3 ? 0 : k]);
        AssertSpectrum([Math.Sqrt(3), 0.5, 0, 0], File(repeated, down, "F32"));
    }

    [Fact]
    public void However_much_larger_the_rank_is_than_the_layer()
    {
        (Matrix up, Matrix down) = Hadamard.Factors(Powers(40, _ => 0), Powers(40, _ => 0));
        Matrix narrowUp = up.Transpose().SelectColumns([.. Enumerable.Range(0, 5)]).Transpose();
        Matrix narrowDown = down.SelectColumns([.. Enumerable.Range(0, 3)]);
        AssertSpectrum(JacobiSvd.Of(narrowUp * narrowDown).Values, File(narrowUp, narrowDown, "F32"));
    }

    [Theory]
    [MemberData(nameof(Spectra))]
    public void What_is_kept_is_the_best_part(string kind, double[] values)
    {
        (Matrix up, Matrix down) = Hadamard.Factors(values, [.. values.Select(_ => 1.0)]);
        foreach (ResizePrecision precision in new[] { ResizePrecision.Float32, ResizePrecision.BFloat16 })
        {
            Matrix kept = Assert.Single(_bench.Resize(File(up, down, "F32"), "spn_lora,thr=-1.9", precision)!).Value;
            double[] dropped = [.. values.Where(value => value < values[0] * Math.Pow(10, -1.9))];
            AssertError(kind, up * down, kept, Norm(dropped), precision == ResizePrecision.Float32 ? 1e-6 : 1e-2);
        }
    }

    private void AssertSpectrum(double[] expected, SampleFile file)
    {
        DecomposedLayer layer = Assert.Single(_bench.Decompose(file));
        Assert.Equal(expected.Length, layer.SingularValues.Count);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], layer.SingularValues[i], 1e-12 * expected[0]);
        Assert.Equal(1, layer.FrobeniusNorm / Norm(expected), 1e-12);
        Assert.Equal(1, layer.SpectralNorm / expected[0], 1e-12);
    }

    /// <summary>The loss is that of the best choice, up to rounding, and in size that of the whole.</summary>
    private static void AssertError(string kind, Matrix whole, Matrix kept, double expected, double tolerance)
    {
        double error = (whole - kept).FrobeniusNorm;
        Assert.True(Math.Abs(error - expected) <= tolerance * whole.FrobeniusNorm, $"{kind}: the error is {error}, the best {expected} of {whole.FrobeniusNorm}");
    }

    private static SampleFile File(Matrix up, Matrix down, string type)
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);
        return new SampleFile().Add($"{Name}.lora_up.weight", up, dtype).Add($"{Name}.lora_down.weight", down, dtype);
    }

    private static double[] Powers(int count, Func<int, int> exponent) => [.. Enumerable.Range(0, count).Select(k => Math.ScaleB(1, exponent(k)))];

    /// <summary>Divided by the largest first, as squares may leave the range of float64.</summary>
    private static double Norm(double[] values)
    {
        double largest = values.DefaultIfEmpty().Max();
        return largest == 0 ? 0 : largest * Math.Sqrt(values.Sum(value => Math.Pow(value / largest, 2)));
    }

    private static TheoryData<string, double[], string> Types(TheoryData<string, double[]> spectra, params string[] types)
    {
        var data = new TheoryData<string, double[], string>();
        foreach (object[] row in spectra)
        {
            foreach (string type in types)
                data.Add((string)row[0], (double[])row[1], type);
        }

        return data;
    }
}
