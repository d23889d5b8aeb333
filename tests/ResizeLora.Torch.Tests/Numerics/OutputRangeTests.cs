using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>Layers at and beyond the range of the output type: what is written says what the layer says, or an error tells why not.</summary>
public sealed class OutputRangeTests : IDisposable
{
    private const string Name = "lora_unet_x";

    /// <summary>Below this power of two half precision has not enough digits left.</summary>
    private const int LeastOfHalf = -48;

    private readonly ResizeBench _bench = new();

    /// <summary>Powers of two: 2^±240 is 1e±72.</summary>
    public static TheoryData<int> Exponents => [-240, -120, -100, -80, -60, -50, -40, -32, -28, -24, -20, -16, -12, -8, -4, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 60, 80, 100, 120, 240];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Exponents))]
    public void A_layer_of_any_magnitude_is_written_right_or_refused(int exponent)
    {
        var random = new Random(exponent);
        Matrix up = Math.ScaleB(1, exponent / 2) * Matrix.Gaussian(24, 4, random);
        Matrix down = Math.ScaleB(1, exponent - exponent / 2) * Matrix.Gaussian(4, 20, random);
        foreach (ResizePrecision precision in Enum.GetValues<ResizePrecision>())
        {
            if (precision != ResizePrecision.Float16 || exponent >= LeastOfHalf)
                AssertRightOrRefused(up, down, precision);
        }
    }

    [Theory]
    [MemberData(nameof(Exponents))]
    public void A_layer_too_small_for_half_precision_is_written_right_or_refused(int exponent)
    {
        var random = new Random(exponent);
        Matrix up = Math.ScaleB(1, exponent) * Matrix.Gaussian(24, 4, random);
        AssertRightOrRefused(up, Matrix.Gaussian(4, 20, random), ResizePrecision.Float16, SafetensorsDType.F64);
    }

    [Theory]
    [InlineData(1e3)]
    [InlineData(1e5)]
    [InlineData(1e7)]
    public void A_layer_whose_values_lie_far_apart_is_written_right_or_refused(double ratio)
    {
        // One large entry in each factor sets the scale, and the others must not drown.
        var random = new Random(1);
        Matrix up = Matrix.Gaussian(24, 4, random).Map((row, k) => (row == 3 && k == 2 ? ratio : 1) / ratio);
        AssertRightOrRefused(up, Matrix.Gaussian(4, 20, random), ResizePrecision.Float16);
    }

    [Fact]
    public void Factors_at_the_limit_of_half_precision_are_written_right()
    {
        Matrix up = new Matrix(24, 4).Map((row, k) => row % 4 == k ? 65504 : 0);
        Matrix down = new Matrix(4, 20).Map((k, column) => column % 4 == k ? 65504 : 0);
        AssertRightOrRefused(up, down, ResizePrecision.Float16, SafetensorsDType.F16);
    }

    [Fact]
    public void Subnormal_factors_are_no_zeros()
    {
        double least = Math.ScaleB(1, -24);
        Matrix up = new Matrix(24, 2).Map((row, k) => (row + k) % 2 == 0 ? least : 3 * least);
        Matrix down = new Matrix(2, 20).Map((k, column) => (column / 2 + k) % 2 == 0 ? 1 : -2);
        AssertRightOrRefused(up, down, ResizePrecision.Float32, SafetensorsDType.F16);
    }

    [Fact]
    public void A_small_layer_beside_a_large_one_is_written_right_or_refused()
    {
        var random = new Random(2);
        Matrix large = Matrix.Gaussian(24, 4, random);
        Matrix small = 1e-12 * Matrix.Gaussian(24, 4, random);
        Matrix down = Matrix.Gaussian(4, 20, random);
        SampleFile file = Layer(Layer(new SampleFile(), "lora_unet_a", large, down), "lora_unet_b", small, down);
        IReadOnlyDictionary<string, Matrix> written = _bench.Resize(file, "spn_lora,thr=-60", ResizePrecision.Float16)!;
        AssertNear(large * down, written["lora_unet_a"], 2e-3);
        AssertNear(small * down, written["lora_unet_b"], 2e-3);
    }

    private void AssertRightOrRefused(Matrix up, Matrix down, ResizePrecision precision, SafetensorsDType dtype = SafetensorsDType.F32)
    {
        Matrix exact = SampleFile.ReadBack(up, dtype) * SampleFile.ReadBack(down, dtype);
        if (_bench.Resize(Layer(new SampleFile(), Name, up, down, dtype), "spn_lora,thr=-60", precision) is not { } written)
        {
            ResizeLoraException error = Assert.Single(_bench.Errors);
            Assert.Contains(Name, error.Message, StringComparison.Ordinal);
            Assert.Contains("-Precision", error.Message, StringComparison.Ordinal);
            return;
        }

        double tolerance = precision switch
        {
            ResizePrecision.Float16 => 2e-3,
            ResizePrecision.BFloat16 => 2e-2,
            ResizePrecision.Float8 => 4.5e-2,
            _ => dtype == SafetensorsDType.F16 && precision == ResizePrecision.Source ? 2e-3 : 1e-6,
        };
        AssertNear(exact, Assert.Single(written).Value, tolerance);
    }

    private static void AssertNear(Matrix exact, Matrix written, double tolerance)
    {
        // Scaled first: squares of such numbers may leave the range of float64.
        double scale = 1 / exact.LargestMagnitude;
        double error = (scale * exact - scale * written).FrobeniusNorm / (scale * exact).FrobeniusNorm;
        Assert.True(error <= tolerance, $"The relative error is {error}, and {tolerance} is allowed.");
    }

    private static SampleFile Layer(SampleFile file, string name, Matrix up, Matrix down, SafetensorsDType dtype = SafetensorsDType.F32) =>
        file.Add($"{name}.lora_up.weight", up, dtype).Add($"{name}.lora_down.weight", down, dtype);
}
