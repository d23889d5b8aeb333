using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

public sealed class TruncationTests
{
    [Theory]
    [InlineData(64, 8, 96, new[] { 0, 1, 2 })]
    [InlineData(96, 32, 64, new[] { 0, 5, 31 })]
    [InlineData(4, 32, 288, new[] { 0, 1, 2, 3 })]
    [InlineData(320, 16, 64, new[] { 3 })]
    public void Keeps_exactly_the_wanted_part(int rows, int rank, int columns, int[] kept) =>
        AssertPart(TestEngine.Random(rows, rank, columns, seed: rows * rank), new TruncationRequest(kept, 1, SafetensorsDType.F32, HasAlpha: true), 1e-6);

    [Fact]
    public void Keeps_small_values_of_a_steep_spectrum_exactly()
    {
        Matrix up = Matrix.Gaussian(80, 12, new Random(1));
        Matrix steep = up.Map((row, k) => up[row, k] * Math.Pow(10, -k));
        AssertPart(TestEngine.Layer(steep, Matrix.Gaussian(12, 60, new Random(2))), new TruncationRequest([4, 5], 1, SafetensorsDType.F32, HasAlpha: true), 1e-6);
    }

    [Theory]
    [InlineData(-0.5, 1)]
    [InlineData(2, 0.7)]
    [InlineData(-3, 1.5)]
    public void Takes_scale_sign_and_rescaling_into_the_factors(double scale, double rescale) =>
        AssertPart(TestEngine.Random(40, 6, 30, seed: 3) with { Scale = scale }, new TruncationRequest([0, 1, 2, 3], rescale, SafetensorsDType.F32, HasAlpha: true), 1e-6);

    [Theory]
    [InlineData(1e-9)]
    [InlineData(1e-4)]
    [InlineData(1)]
    [InlineData(1e8)]
    public void Half_precision_holds_layers_of_any_magnitude(double magnitude) =>
        AssertPart(TestEngine.Random(40, 6, 30, seed: 4) with { Scale = magnitude }, new TruncationRequest([0, 1, 2], 1, SafetensorsDType.F16, HasAlpha: true), 1e-3);

    [Fact]
    public void Says_so_when_a_value_is_too_large_for_half_precision()
    {
        LayerFactors layer = TestEngine.Random(40, 6, 30, seed: 5) with { Scale = 1e30 };
        Assert.Throws<OverflowException>(() => TestEngine.Torch.Truncate(layer, null, [new TruncationRequest([0], 1, SafetensorsDType.F16, HasAlpha: true)]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(300)]
    public void Alpha_is_what_the_type_can_hold_and_the_factors_make_up_for_it(int rank)
    {
        LayerFactors layer = TestEngine.Random(310, 305, 320, seed: 6);
        var request = new TruncationRequest([.. Enumerable.Range(0, rank)], 1, SafetensorsDType.BF16, HasAlpha: true);
        TruncatedFactors factors = TestEngine.Torch.Truncate(layer, null, [request])[0];
        Assert.Equal(SampleElement.Round(SafetensorsDType.BF16, factors.Alpha), factors.Alpha);
        Matrix ideal = layer.Scale * TestEngine.Exact(layer).Part(request.Kept);
        Assert.True((TestEngine.Effective(layer, factors, request) - ideal).FrobeniusNorm <= 6e-3 * ideal.FrobeniusNorm);
    }

    [Theory]
    [InlineData("F16", false)]
    [InlineData("F16", true)]
    [InlineData("BF16", true)]
    [InlineData("F32", false)]
    public void Alpha_belongs_to_the_rank_that_is_written(string type, bool alphaIsRank)
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);

        // Small enough that half precision would move a power of four into alpha.
        LayerFactors layer = TestEngine.Random(40, 6, 30, seed: 3) with { Scale = 1e-7 };
        var request = new TruncationRequest([0, 1, 2], 1, dtype, HasAlpha: true) { Rank = 300, AlphaIsRank = alphaIsRank };
        TruncatedFactors factors = Assert.Single(TestEngine.Torch.Truncate(layer, null, [request]));

        Assert.Equal(dtype == SafetensorsDType.F16 && !alphaIsRank, factors.Alpha < SampleElement.Round(dtype, 300));
        Matrix ideal = layer.Scale * TestEngine.Exact(layer).Part(request.Kept);
        double tolerance = dtype == SafetensorsDType.F32 ? 1e-6 : 1e-2;
        Assert.True((TestEngine.Effective(layer, factors, request) - ideal).FrobeniusNorm <= tolerance * ideal.FrobeniusNorm);
    }

    [Fact]
    public void Is_the_same_to_the_bit_from_any_thread_and_any_memory()
    {
        LayerFactors layer = TestEngine.Random(200, 24, 300, seed: 7);
        var request = new TruncationRequest([.. Enumerable.Range(0, 20)], 1, SafetensorsDType.F16, HasAlpha: true);
        TruncatedFactors expected = TestEngine.Torch.Truncate(layer, null, [request])[0];
        Parallel.For(0, 16, shift =>
        {
            // The same bytes at another address.
            byte[] up = new byte[layer.Up.Bytes.Length + shift];
            layer.Up.Bytes.CopyTo(up.AsMemory(shift));
            LayerFactors moved = layer with { Up = layer.Up with { Bytes = up.AsMemory(shift) } };
            TruncatedFactors actual = TestEngine.Torch.Truncate(moved, null, [request])[0];
            Assert.Equal(expected.Up.Span, actual.Up.Span);
            Assert.Equal(expected.Down.Span, actual.Down.Span);
        });
    }

    [Fact]
    public void Factors_are_balanced_and_their_signs_normalised()
    {
        LayerFactors layer = TestEngine.Random(50, 5, 40, seed: 8);
        var request = new TruncationRequest([0, 1, 2], 1, SafetensorsDType.F32, HasAlpha: true);
        TruncatedFactors factors = TestEngine.Torch.Truncate(layer, null, [request])[0];
        Matrix up = PlainEngine.ToMatrix(new("up", factors.Up.Memory, SafetensorsDType.F32, 50, 3));
        Matrix down = PlainEngine.ToMatrix(new("down", factors.Down.Memory, SafetensorsDType.F32, 3, 40));
        Assert.Equal(3, factors.Alpha);
        for (int k = 0; k < 3; k++)
        {
            double[] column = [.. Enumerable.Range(0, 50).Select(row => up[row, k])];
            Assert.True(column.MaxBy(Math.Abs) > 0);
            Assert.Equal(Math.Sqrt(column.Sum(x => x * x)), Math.Sqrt(Enumerable.Range(0, 40).Sum(c => down[k, c] * down[k, c])), 1e-6);
        }
    }

    private static void AssertPart(LayerFactors layer, TruncationRequest request, double tolerance)
    {
        TruncatedFactors factors = Assert.Single(TestEngine.Torch.Truncate(layer, null, [request]));
        Matrix ideal = layer.Scale * request.Rescale * TestEngine.Exact(layer).Part(request.Kept);
        Matrix actual = TestEngine.Effective(layer, factors, request);
        Assert.True((actual - ideal).FrobeniusNorm <= tolerance * ideal.FrobeniusNorm, $"{(actual - ideal).FrobeniusNorm / ideal.FrobeniusNorm}");
    }
}
