namespace ResizeLora.Recipes;

/// <summary>
/// The score of singular value i: log₁₀ σᵢ(ΔW) − Σ w · log₁₀(reference). A geometric mean of ratios, as in
/// https://github.com/elias-gaeros/resize_lora.
/// </summary>
/// <param name="weights">The weights that count; they sum to one, and a negative one is a penalty.</param>
internal sealed class ScoreFormula(IReadOnlyList<ScoreWeight> weights)
{
    public IReadOnlyList<ScoreWeight> Weights => weights;

    /// <summary>The scores of a layer's singular values, in their order; −∞ for a singular value of zero.</summary>
    public double[] Of(LayerSpectrum layer) => [.. layer.SingularValues.Select((value, index) => Of(layer, value, index))];

    private double Of(LayerSpectrum layer, double value, int index)
    {
        if (value == 0)
            return double.NegativeInfinity;

        double score = Math.Log10(value);
        foreach (ScoreWeight weight in weights)
            score -= weight.Share * Math.Log10(weight.Reference.Of(layer, index));

        // Two references of zero that pull in opposite directions leave no order; such a value is not kept.
        return double.IsNaN(score) ? double.NegativeInfinity : score;
    }
}

/// <summary>A weight of a score.</summary>
/// <param name="Reference">What it belongs to.</param>
/// <param name="Given">The weight as the recipe gives it.</param>
/// <param name="Share">The weight divided by the sum of all.</param>
internal sealed record ScoreWeight(ScoreReference Reference, double Given, double Share);
