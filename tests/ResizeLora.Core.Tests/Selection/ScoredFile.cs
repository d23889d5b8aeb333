using System.Globalization;
using ResizeLora.Recipes;
using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

/// <summary>A file of which only the scores are known.</summary>
internal static class ScoredFile
{
    /// <param name="scores">For each layer, the scores of its singular values.</param>
    /// <param name="ranks">What loaders ask of ranks.</param>
    /// <param name="threshold">The threshold of the recipe, or null.</param>
    /// <param name="bytes">The size of the recipe in bytes, or null.</param>
    /// <param name="fileLength">Bytes of the file that a choice would make.</param>
    public static Selector Selector(double[][] scores, RankRule ranks, double? threshold, long? bytes, Func<KeptValues, long> fileLength)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"spn_lora=1{(threshold is null ? string.Empty : $",thr={threshold:R}")}{(bytes is null ? string.Empty : $",size={bytes / 1048576.0:R}")}");
        return new Selector(ResizeRecipe.Parse(text), [.. scores.Select(layer => new LayerSpectrum { SingularValues = layer, Scores = layer })], ranks, new SampleCosts(fileLength));
    }
}
