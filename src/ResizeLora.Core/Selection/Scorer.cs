namespace ResizeLora.Selection;

/// <summary>
/// The score of singular value i: log₁₀ σᵢ(ΔW) − Σ w · log₁₀(reference). A geometric mean of ratios, as in
/// https://github.com/elias-gaeros/resize_lora.
/// </summary>
internal static class Scorer
{
    /// <summary>Scores of a layer's singular values, in their order; −∞ for a singular value of zero.</summary>
    public static double[] Score(DecomposedLayer layer, ResizeRecipe recipe)
    {
        double[] scores = new double[layer.SingularValues.Count];
        for (int i = 0; i < scores.Length; i++)
            scores[i] = Score(layer, recipe, i);

        return scores;
    }

    private static double Score(DecomposedLayer layer, ResizeRecipe recipe, int index)
    {
        double value = layer.SingularValues[index] * recipe.Rescale;
        if (value == 0)
            return double.NegativeInfinity;

        double score = Math.Log10(value);
        foreach ((ScoreReference reference, double weight) in recipe.ScoreWeights)
            score -= weight * Math.Log10(Reference(layer, recipe, reference, index));

        // Two references of zero that pull in opposite directions leave no order; such a value is not kept.
        return double.IsNaN(score) ? double.NegativeInfinity : score;
    }

    private static double Reference(DecomposedLayer layer, ResizeRecipe recipe, ScoreReference reference, int index) => reference switch
    {
        ScoreReference.SpnCkpt => layer.BaseSpectralNorm!.Value,
        ScoreReference.FroCkpt => layer.BaseFrobeniusNorm!.Value,
        ScoreReference.SpnLora => layer.SpectralNorm * recipe.Rescale,
        ScoreReference.FroLora => layer.FrobeniusNorm * recipe.Rescale,
        ScoreReference.Subspace => layer.SubspaceNorms![index],
        ScoreReference.Params => (double)layer.Rows + layer.Columns,
        _ => throw new ArgumentOutOfRangeException(nameof(reference)),
    };
}
