using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>Alpha in every form in which a file may hold it.</summary>
public sealed class AlphaTests : IDisposable
{
    private const string Name = "lora_unet_x";
    private const int Rank = 4;

    private readonly ResizeBench _bench = new();
    private readonly Matrix _up = Matrix.Gaussian(24, Rank, new Random(1));
    private readonly Matrix _down = Matrix.Gaussian(Rank, 20, new Random(2));

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("F32", 2)]
    [InlineData("F64", 0.1)]
    [InlineData("F16", 8)]
    [InlineData("BF16", 8)]
    [InlineData("I64", 16)]
    [InlineData("I32", 16)]
    [InlineData("F32", -4)]
    [InlineData("I64", -3)]
    [InlineData("F32", 1e-30)]
    [InlineData("F32", 1e30)]
    [InlineData("F64", 1e-100)]
    [InlineData("F64", 1e100)]
    [InlineData("I64", 4611686018427387904)]
    [InlineData("F16", 65504)]
    [InlineData("F16", 5.9604644775390625e-08)]
    public void Any_number_in_any_type_scales_the_layer(string type, double alpha)
    {
        DecomposedLayer layer = Assert.Single(_bench.Decompose(File(type, alpha)));
        double[] expected = [.. Exact.Values.Select(value => value * Math.Abs(alpha) / Rank)];
        Assert.Equal(alpha, layer.Alpha, 1e-7 * Math.Abs(alpha));
        for (int i = 0; i < Rank; i++)
            Assert.Equal(1, layer.SingularValues[i] / expected[i], 1e-6);
    }

    [Theory]
    [InlineData("F32", 2)]
    [InlineData("F64", -0.1)]
    [InlineData("F16", -8)]
    [InlineData("I64", 16)]
    [InlineData("I32", -3)]
    [InlineData("F32", 1e-20)]
    [InlineData("F32", 1e20)]
    [InlineData("F64", -1e30)]
    public void What_is_written_has_alpha_in_it(string type, double alpha)
    {
        Matrix written = Assert.Single(_bench.Resize(File(type, alpha), "spn_lora,thr=-9", ResizePrecision.Float32)!).Value;
        Matrix expected = alpha / Rank * (_up * _down);
        Assert.True((expected - written).FrobeniusNorm <= 1e-6 * expected.FrobeniusNorm, $"{(expected - written).FrobeniusNorm / expected.FrobeniusNorm}");
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("I64")]
    public void Alpha_of_zero_makes_a_layer_of_zeros_which_is_left_out(string type)
    {
        SampleFile file = File(type, 0)
            .Add("lora_unet_y.lora_up.weight", _up)
            .Add("lora_unet_y.lora_down.weight", _down);
        Assert.Equal(["lora_unet_y"], _bench.Resize(file, "spn_lora,thr=-9", ResizePrecision.Float16)!.Keys);
    }

    [Fact]
    public void Where_alpha_makes_all_layers_zero_nothing_is_written()
    {
        Assert.Null(_bench.Resize(File("F32", 0), "spn_lora,thr=-9", ResizePrecision.Float16));
        Assert.Equal("NothingKept", Assert.Single(_bench.Errors).ErrorId);
    }

    [Theory]
    [InlineData("F64", 1e300)]
    [InlineData("F64", -1e308)]
    public void Alpha_that_takes_the_layer_beyond_all_numbers_is_refused(string type, double alpha)
    {
        Matrix large = 1e15 * _up;
        SampleFile file = new SampleFile()
            .Add($"{Name}.lora_up.weight", large)
            .Add($"{Name}.lora_down.weight", _down)
            .AddScalar($"{Name}.alpha", alpha, Type(type));
        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => _bench.Decompose(file));
        Assert.Contains(Name, error.Message, StringComparison.Ordinal);
    }

    private JacobiSvd Exact => JacobiSvd.OfProduct(SampleFile.ReadBack(_up, SafetensorsDType.F32), SampleFile.ReadBack(_down, SafetensorsDType.F32));

    private SampleFile File(string type, double alpha) => new SampleFile()
        .Add($"{Name}.lora_up.weight", _up)
        .Add($"{Name}.lora_down.weight", _down)
        .AddScalar($"{Name}.alpha", alpha, Type(type));

    private static SafetensorsDType Type(string name) => Enum.Parse<SafetensorsDType>(name);
}
