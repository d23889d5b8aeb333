namespace ResizeLora.Recipes;

/// <summary>What a singular value can be compared with. The value of such a key is its weight in the score.</summary>
/// <param name="name">The key.</param>
/// <param name="comparedWith">What the singular value is compared with, in words.</param>
/// <param name="of">The same as a number, for a layer and the position of the singular value.</param>
/// <param name="needsCheckpoint">Whether it is about the base layer.</param>
internal sealed class ScoreReference(string name, string comparedWith, Func<LayerSpectrum, int, double> of, bool needsCheckpoint = false)
    : RecipeKey(name, $"weight of the comparison with {comparedWith}{(needsCheckpoint ? "; needs -Checkpoint" : string.Empty)}", "1")
{
    /// <summary>What the singular value is compared with, in words.</summary>
    public string ComparedWith => comparedWith;

    /// <summary>Whether it is about the base layer.</summary>
    public bool NeedsCheckpoint => needsCheckpoint;

    /// <summary>Whether it is about the singular vectors, which take longer than the singular values.</summary>
    public bool NeedsSubspace { get; init; }

    /// <summary>A key alone has the weight 1.</summary>
    public override bool MayStandAlone => true;

    /// <summary>The reference of a layer's singular value.</summary>
    public double Of(LayerSpectrum layer, int index) => of(layer, index);

    public override void AddTo(RecipeParts recipe, RecipeValue value) => recipe.Weights[this] = value.Text is null ? 1 : value.Number();
}
