using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>Base layers of any magnitude.</summary>
public sealed class BaseScaleTests : IDisposable
{
    private const string Layer = "lora_unet_middle_block_1_proj_in";
    private const string Base = "model.diffusion_model.middle_block.1.proj_in.weight";

    private readonly ResizeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(1e-15, "F32")]
    [InlineData(1, "F32")]
    [InlineData(1e15, "F32")]
    [InlineData(1e-15, "BF16")]
    [InlineData(1e15, "BF16")]
    [InlineData(1e-7, "F16")]
    [InlineData(1e4, "F16")]
    [InlineData(1e-15, "F64")]
    [InlineData(1e15, "F64")]
    public void Norms_are_right_for_small_layers_and_for_large_ones(double magnitude, string type) => AssertNorms(magnitude, type);

    [Theory]
    [InlineData(1e-30, "F32")]
    [InlineData(1e-20, "F32")]
    [InlineData(1e20, "F32")]
    [InlineData(1e30, "F32")]
    [InlineData(1e-30, "BF16")]
    [InlineData(1e30, "BF16")]
    [InlineData(1e-100, "F64")]
    [InlineData(1e-30, "F64")]
    [InlineData(1e30, "F64")]
    [InlineData(1e100, "F64")]
    public void Norms_are_right_for_layers_whose_squares_no_float32_holds(double magnitude, string type) => AssertNorms(magnitude, type);

    private void AssertNorms(double magnitude, string type)
    {
        foreach (int size in new[] { 24, 160 })
        {
            SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);
            Matrix weight = magnitude * Matrix.Gaussian(size, size, new Random(size));
            Matrix stored = 1 / magnitude * SampleFile.ReadBack(weight, dtype);
            DecomposedLayer layer = Assert.Single(_bench.Decompose(Lora(size), new SampleFile().Add(Base, weight, dtype)));
            Assert.Equal(1, layer.BaseSpectralNorm!.Value / magnitude / JacobiSvd.Of(stored).Values[0], 1e-4);
            Assert.Equal(1, layer.BaseFrobeniusNorm!.Value / magnitude / stored.FrobeniusNorm, 1e-5);
        }
    }

    [Theory]
    [InlineData(1e-30)]
    [InlineData(1e30)]
    public void Entries_that_lie_far_apart_do_not_drown_the_largest(double magnitude)
    {
        // One column decides; all others are 1e-20 of it.
        Matrix weight = Matrix.Gaussian(160, 160, new Random(1));
        weight = weight.Map((row, column) => magnitude * weight[row, column] * (column == 7 ? 1 : 1e-20));
        DecomposedLayer layer = Assert.Single(_bench.Decompose(Lora(160), new SampleFile().Add(Base, weight)));
        double exact = 1 / magnitude * Enumerable.Range(0, 160).Sum(row => weight[row, 7] * weight[row, 7] / magnitude);
        Assert.Equal(1, layer.BaseSpectralNorm!.Value / magnitude / Math.Sqrt(exact), 1e-4);
    }

    private static SampleFile Lora(int size) => new SampleFile().AddLora(Layer, size, size, 2, new Random(3));
}
