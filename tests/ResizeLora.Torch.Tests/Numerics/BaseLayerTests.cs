using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>Norms of base layers, and what they do to singular vectors.</summary>
public sealed class BaseLayerTests
{
    [Theory]
    [InlineData(50, 80)]
    [InlineData(300, 300)]
    [InlineData(600, 140)]
    [InlineData(140, 600)]
    [InlineData(129, 400)]
    public void Spectral_norm_of_noise_is_within_its_tolerance(int rows, int columns)
    {
        Matrix weight = Matrix.Gaussian(rows, columns, new Random(rows + columns));
        MatrixNorms norms = TestEngine.Torch.Norms(TestEngine.Store(weight), CancellationToken.None);
        double exact = JacobiSvd.Of(PlainEngine.ToMatrix(TestEngine.Store(weight))).Values[0];
        Assert.InRange(norms.Spectral / exact, 1 - 1e-5, 1 + 1e-6);
        Assert.Equal(1, norms.Frobenius / weight.FrobeniusNorm, 1e-6);
    }

    [Fact]
    public void Spectral_norm_finds_a_direction_that_hardly_stands_out()
    {
        // A gap of 1e-3 between the two largest, above a bulk of equal ones: the worst case for power iteration.
        Matrix noise = Matrix.Gaussian(300, 200, new Random(1));
        JacobiSvd svd = JacobiSvd.Of(noise);
        double[] values = [.. Enumerable.Range(0, 200).Select(i => i == 0 ? 1.001 : 1.0)];
        Matrix weight = svd.U.Map((row, k) => svd.U[row, k] * values[k]) * svd.Vt;
        double spectral = TestEngine.Torch.Norms(TestEngine.Store(weight), CancellationToken.None).Spectral;
        Assert.InRange(spectral, 1.001 * (1 - MatrixNorms.SpectralTolerance), 1.001 * (1 + 1e-6));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Spectral_norm_of_low_rank_is_exact(int rank)
    {
        Matrix weight = Matrix.Gaussian(250, rank, new Random(2)) * Matrix.Gaussian(rank, 180, new Random(3));
        double exact = JacobiSvd.Of(weight).Values[0];
        Assert.Equal(1, TestEngine.Torch.Norms(TestEngine.Store(weight), CancellationToken.None).Spectral / exact, 1e-5);
    }

    [Fact]
    public void A_base_layer_of_zeros_has_norms_of_zero() =>
        Assert.Equal(new MatrixNorms(0, 0), TestEngine.Torch.Norms(TestEngine.Store(new Matrix(200, 200)), CancellationToken.None));

    [Fact]
    public void A_base_layer_with_NaN_is_refused()
    {
        var weight = new Matrix(20, 20) { [3, 4] = double.NaN };
        Assert.Throws<NonFiniteException>(() => TestEngine.Torch.Norms(TestEngine.Store(weight), CancellationToken.None));
    }

    [Fact]
    public void Norms_are_the_same_in_every_run()
    {
        StoredMatrix weight = TestEngine.Store(Matrix.Gaussian(300, 400, new Random(4)));
        MatrixNorms expected = TestEngine.Torch.Norms(weight, CancellationToken.None);
        Parallel.For(0, 8, _ => Assert.Equal(expected, TestEngine.Torch.Norms(weight, CancellationToken.None)));
    }

    [Fact]
    public void Norms_stop_when_cancelled()
    {
        StoredMatrix weight = TestEngine.Store(Matrix.Gaussian(300, 400, new Random(5)));
        Assert.Throws<OperationCanceledException>(() => TestEngine.Torch.Norms(weight, new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Subspace_norms_agree_with_the_definition(bool transposed)
    {
        LayerFactors layer = TestEngine.Random(40, 6, 30, seed: 6);
        Matrix stored = transposed ? Matrix.Gaussian(30, 40, new Random(7)) : Matrix.Gaussian(40, 30, new Random(7));
        StoredMatrix weight = TestEngine.Store(stored, SafetensorsDType.F16) with { Transposed = transposed };
        double[] expected = new PlainEngine().SubspaceNorms(layer, null, weight);
        double[] actual = TestEngine.Torch.SubspaceNorms(layer, null, weight);
        Assert.Equal(expected, actual, (x, y) => Math.Abs(x - y) <= 1e-9);
    }
}
