using ResizeLora.Core.Tests.Support;

namespace ResizeLora.Core.Tests.Decomposition;

public class DecomposedLayerTests
{
    [Fact]
    public void Norms_follow_from_the_singular_values()
    {
        DecomposedLayer layer = SampleLayer.Create("layer", 5, 6, 4, 2, 0);
        Assert.Equal(4, layer.SpectralNorm);
        Assert.Equal(Math.Sqrt(20), layer.FrobeniusNorm, 14);
        Assert.Equal((3, 5, 6), (layer.Rank, layer.Rows, layer.Columns));
        Assert.Null(layer.BaseLayer);
    }

    [Fact]
    public void The_effective_rank_counts_the_singular_values_that_matter()
    {
        Assert.Equal(4, SampleLayer.Create("layer", 5, 6, 2, 2, 2, 2).EffectiveRank, 12);
        Assert.Equal(1, SampleLayer.Create("layer", 5, 6, 3, 0, 0).EffectiveRank, 12);

        // exp(-(3/4 ln 3/4 + 1/4 ln 1/4)) = 4 / 3^(3/4)
        Assert.Equal(4 / Math.Pow(3, 0.75), SampleLayer.Create("layer", 5, 6, 3, 1).EffectiveRank, 12);
        Assert.Equal(0, SampleLayer.Create("layer", 5, 6, 0, 0).EffectiveRank);
    }
}
