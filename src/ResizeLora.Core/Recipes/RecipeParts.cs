using ResizeLora.Recipes.Rules;

namespace ResizeLora.Recipes;

/// <summary>What the keys of a recipe add up to.</summary>
internal sealed class RecipeParts
{
    /// <summary>The weights as they are given.</summary>
    public Dictionary<ScoreReference, double> Weights { get; } = [];

    public List<(SelectionKey Key, SelectionRule Rule)> Rules { get; } = [];

    public double Rescale { get; set; } = 1;
}
