using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Golden;

/// <summary>Singular values and norms against the exact ones.</summary>
public sealed class GoldenTruthTests(GoldenRun run) : IClassFixture<GoldenRun>
{
    [Theory]
    [InlineData("lora_a")]
    [InlineData("lora_b")]
    [InlineData("lora_c")]
    public void Spectra_are_exact(string lora)
    {
        Dictionary<string, GoldenLayer> truth = GoldenData.Truth.Loras[lora].Layers;
        Assert.Equal(truth.Count, run.Layers[lora].Count);
        foreach (DecomposedLayer layer in run.Layers[lora])
        {
            GoldenLayer expected = truth[layer.Name];
            Assert.Equal(expected.SingularValues.Length, layer.SingularValues.Count);
            for (int i = 0; i < expected.SingularValues.Length; i++)
                Assert.Equal(expected.SingularValues[i], layer.SingularValues[i], 1e-10 * expected.SingularValues[0]);
            Assert.Equal(expected.Rank, layer.Rank);
            Assert.Equal(expected.Alpha, layer.Alpha);
            Assert.Equal(expected.Frobenius, layer.FrobeniusNorm, 1e-9 * expected.Frobenius);
        }
    }

    [Theory]
    [InlineData("lora_a")]
    [InlineData("lora_b")]
    [InlineData("lora_c")]
    public void Base_norms_are_exact(string lora)
    {
        foreach (DecomposedLayer layer in run.Layers[lora])
        {
            GoldenBase expected = GoldenData.Truth.Base[layer.Name];
            string part = expected.ChunkCorrect is { } chunk ? $"[{chunk * layer.Rows}:{(chunk + 1) * layer.Rows}]" : string.Empty;
            Assert.Equal(expected.BaseKey + part, layer.BaseLayer);
            Assert.Equal(1, layer.BaseSpectralNorm!.Value / expected.Spectral, 1e-6);
            Assert.Equal(1, layer.BaseFrobeniusNorm!.Value / expected.Frobenius, 1e-6);
        }
    }
}
