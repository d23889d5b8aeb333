namespace ResizeLora.Recipes.Rules;

/// <summary>Keeps scores that reach a threshold.</summary>
/// <param name="least">The least score (log₁₀) that is kept.</param>
internal sealed class ThresholdRule(double least) : LayerRule
{
    public double Least => least;

    public override string Value => Print(least);

    public override int Rank(LayerSpectrum layer) => layer.Scores.Count(score => score >= least);
}
