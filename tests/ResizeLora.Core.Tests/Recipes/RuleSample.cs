using System.Globalization;
using ResizeLora.Recipes;
using ResizeLora.Recipes.Rules;

namespace ResizeLora.Core.Tests.Recipes;

/// <summary>A rule that keeps so many singular values of each layer, and reads no scores.</summary>
internal sealed class RuleSample(int rank) : LayerRule
{
    public override string Value => rank.ToString(CultureInfo.InvariantCulture);

    public override int Rank(LayerSpectrum layer) => rank;

    /// <summary>A recipe of such a rule and others.</summary>
    public static ResizeRecipe Recipe(RuleSample sample, params (SelectionKey Key, SelectionRule Rule)[] others)
    {
        var parts = new RecipeParts();
        parts.Rules.Add((new SelectionKey("sample", RuleRole.Cap, "keeps so many values", _ => sample, "2"), sample));
        parts.Rules.AddRange(others);
        if (others.Length > 0)
            parts.Weights[RecipeKey.All.OfType<ScoreReference>().First()] = 1;
        return ResizeRecipe.Of("sample", parts);
    }
}
