using ResizeLora.Recipes;

namespace ResizeLora.Completion;

/// <summary>What a key of the recipe language means, in a line.</summary>
/// <param name="Key">The key.</param>
/// <param name="Example">A value to start from.</param>
/// <param name="Text">What it does.</param>
internal sealed record RecipeKeyHelp(string Key, string Example, string Text)
{
    public static IReadOnlyList<RecipeKeyHelp> All { get; } =
    [
        new("spn_ckpt", "1", "weight of the comparison with the largest singular value of the base layer; needs -Checkpoint"),
        new("spn_lora", "1", "weight of the comparison with the largest singular value of the LoRA layer"),
        new("fro_ckpt", "1", "weight of the comparison with the Frobenius norm of the base layer; needs -Checkpoint"),
        new("fro_lora", "1", "weight of the comparison with the Frobenius norm of the LoRA layer"),
        new("subspace", "1", "weight of the comparison with what the base layer does to the singular vectors; needs -Checkpoint"),
        new("params", "1", "weight of the comparison with the number of parameters that one rank costs"),
        new(RecipeKeys.Threshold, "-1.2", "keeps scores of at least this (log10)"),
        new(RecipeKeys.Size, "32", "keeps the best scores that fit into a file of this many MiB; or give a unit, as in 32MB"),
        new(RecipeKeys.Rescale, "1", "the factor by which the LoRA is multiplied first"),
    ];

    public static RecipeKeyHelp Of(string key) => All.First(help => help.Key == key);
}
