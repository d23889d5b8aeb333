using ResizeLora.Core.Tests.Support;

namespace ResizeLora.Core.Tests.Recipes;

/// <summary>
/// σ = 4, 2, 0; σ_max(ΔW) = 4; ‖ΔW‖_F = √20; σ_max(W) = 8; ‖W‖_F = 16; subspace 0.5, 0.25, 0; 30 + 70 parameters per rank.
/// </summary>
public class ScoreTests
{
    private static readonly DecomposedLayer Layer = SampleLayer.Create("layer", 30, 70, 4, 2, 0) with
    {
        BaseSpectralNorm = 8,
        BaseFrobeniusNorm = 16,
        SubspaceNorms = [0.5, 0.25, 0],
    };

    [Theory]
    [InlineData("spn_ckpt", -0.30102999566398120, -0.60205999132796239)] // log 4/8, 2/8
    [InlineData("spn_lora", 0, -0.30102999566398120)] // log 4/4, 2/4
    [InlineData("fro_ckpt", -0.60205999132796239, -0.90308998699194359)] // log 4/16, 2/16
    [InlineData("fro_lora", -0.04845500650402821, -0.34948500216800940)] // log 4/√20, 2/√20
    [InlineData("subspace", 0.90308998699194359, 0.90308998699194359)] // log 4/0.5, 2/0.25
    [InlineData("params", -1.39794000867203761, -1.69897000433601880)] // log 4/100, 2/100
    public void Each_reference_divides_the_singular_value(string key, double first, double second)
    {
        double[] scores = Scores(Layer, $"{key},thr=0");
        Assert.Equal(first, scores[0], 12);
        Assert.Equal(second, scores[1], 12);
    }

    [Fact]
    public void Several_references_make_a_geometric_mean()
    {
        // 4 / (8^0.75 · 4^0.25) = 2^(2 - 2.25 - 0.5)
        double[] scores = Scores(Layer, "spn_ckpt=3,spn_lora=1,thr=0");
        Assert.Equal(-0.75 * Math.Log10(2), scores[0], 12);
    }

    [Fact]
    public void A_negative_weight_is_a_penalty()
    {
        // 4 / (8^1.25 · 0.5^-0.25) = 2^(2 - 3.75 - 0.25)
        double[] scores = Scores(Layer, "spn_ckpt=1,subspace=-0.2,thr=0");
        Assert.Equal(-2 * Math.Log10(2), scores[0], 12);
    }

    [Theory]
    [InlineData("spn_ckpt")]
    [InlineData("spn_lora")]
    [InlineData("fro_ckpt")]
    [InlineData("fro_lora")]
    [InlineData("subspace")]
    [InlineData("params")]
    [InlineData("spn_ckpt=1,subspace=-0.2")]
    public void A_singular_value_of_zero_scores_minus_infinity(string weights) =>
        Assert.Equal(double.NegativeInfinity, Scores(Layer, $"{weights},thr=0")[2]);

    [Theory]
    [InlineData("spn_ckpt", true)]
    [InlineData("fro_ckpt", true)]
    [InlineData("subspace", true)]
    [InlineData("params", true)]
    [InlineData("spn_lora", false)]
    [InlineData("fro_lora", false)]
    public void Rescale_moves_scores_but_for_references_of_the_lora_itself(string key, bool moves)
    {
        double plain = Scores(Layer, $"{key},thr=0")[1];
        double rescaled = Scores(Layer, $"{key},thr=0,rescale=10")[1];
        Assert.Equal(moves ? 1 : 0, rescaled - plain, 12);
    }

    [Fact]
    public void A_reference_of_zero_gives_no_nan()
    {
        DecomposedLayer layer = Layer with { BaseSpectralNorm = 0, BaseFrobeniusNorm = 0, SubspaceNorms = [0, 0, 0] };
        Assert.Equal(double.PositiveInfinity, Scores(layer, "spn_ckpt,thr=0")[0]);
        Assert.Equal(double.NegativeInfinity, Scores(layer, "spn_ckpt=2,subspace=-1,thr=0")[0]);
    }

    [Fact]
    public void A_layer_of_zeros_has_no_score_above_minus_infinity()
    {
        DecomposedLayer layer = SampleLayer.Create("zero", 3, 4, 0, 0);
        Assert.All(Scores(layer, "spn_lora,fro_lora,thr=0"), score => Assert.Equal(double.NegativeInfinity, score));
    }

    private static double[] Scores(DecomposedLayer layer, string text)
    {
        ResizeRecipe recipe = ResizeRecipe.Parse(text);
        return recipe.Score.Of(layer.Spectrum(recipe.Rescale));
    }
}
