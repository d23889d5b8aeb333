using System.Globalization;

namespace ResizeLora.Benchmarks.Samples;

/// <summary>The spectra of a LoRA, beside the norms of the checkpoint.</summary>
internal sealed record Survey(IReadOnlyList<DecomposedLayer> Layers)
{
    /// <summary>Recipes that each keep about a third of all singular values, by different references.</summary>
    public IReadOnlyList<ResizeRecipe> Thirds =>
    [
        Recipe("spn_ckpt", SpectralThreshold),
        Recipe("spn_lora", ThresholdOfThird(layer => layer.SpectralNorm)),
        Recipe("fro_ckpt", ThresholdOfThird(layer => layer.BaseFrobeniusNorm!.Value)),
    ];

    /// <summary>The score by the spectral norm of the checkpoint that a third of all singular values reaches.</summary>
    public double SpectralThreshold => ThresholdOfThird(layer => layer.BaseSpectralNorm!.Value);

    public static ResizeRecipe Recipe(string reference, double threshold) =>
        ResizeRecipe.Parse(string.Create(CultureInfo.InvariantCulture, $"{reference}=1,thr={threshold}"));

    private double ThresholdOfThird(Func<DecomposedLayer, double> reference)
    {
        double[] scores = [.. Layers.SelectMany(layer => layer.SingularValues.Select(value => Math.Log10(value / reference(layer)))).OrderDescending()];
        return Math.Round(scores[scores.Length / 3], 2);
    }
}
