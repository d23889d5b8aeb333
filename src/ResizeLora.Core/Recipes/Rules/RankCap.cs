using System.Globalization;

namespace ResizeLora.Recipes.Rules;

/// <summary>Keeps at most so many singular values of each layer.</summary>
/// <param name="most">How many.</param>
internal class RankCap(int most) : LayerRule
{
    public override string Value => most.ToString(CultureInfo.InvariantCulture);

    public override int Rank(LayerSpectrum layer) => layer.IsNegligible ? 1 : most;
}

/// <summary>Keeps at most so many singular values of convolutions, whatever <see cref="RankCap"/> says.</summary>
/// <param name="most">How many.</param>
internal sealed class ConvolutionRankCap(int most) : RankCap(most)
{
    public override int Rank(LayerSpectrum layer) => layer.IsConvolution ? base.Rank(layer) : int.MaxValue;

    public override bool Replaces(LayerRule other, LayerSpectrum layer) => layer.IsConvolution && other is RankCap and not ConvolutionRankCap;
}
