using System.Globalization;
using ResizeLora.Recipes;

namespace ResizeLora;

/// <summary>
/// Which singular values to keep: how they are scored, and which scores are good enough. Immutable.
/// Prints as a recipe string that parses back to an equal recipe.
/// </summary>
public sealed class ResizeRecipe : IEquatable<ResizeRecipe>
{
    internal ResizeRecipe(IReadOnlyDictionary<ScoreReference, double> weights, double? threshold, SizeLimit? size, double rescale)
    {
        // In one order always, so that sums, and with them the weights, are the same to the last bit.
        GivenWeights = new SortedDictionary<ScoreReference, double>(weights.ToDictionary());
        double sum = GivenWeights.Values.Sum();
        ScoreWeights = new SortedDictionary<ScoreReference, double>(GivenWeights.Where(pair => pair.Value != 0).ToDictionary(pair => pair.Key, pair => pair.Value / sum));
        Weights = new ReadableWeights(ScoreWeights.ToDictionary(pair => RecipeKeys.KeyOf(pair.Key), pair => pair.Value));
        Threshold = threshold;
        Size = size;
        Rescale = rescale;
        Recipe = Print();
    }

    /// <summary>The recipe as text, which parses back to an equal recipe.</summary>
    public string Recipe { get; }

    /// <summary>The recipe that is used when none is given.</summary>
    public static ResizeRecipe Default { get; } = Parse("spn_ckpt=1,thr=-1.2");

    /// <summary>
    /// The weight of each key in the score; they sum to one, and a negative one is a penalty. By the keys of the recipe
    /// language, because ConvertTo-Json refuses dictionaries by anything but text.
    /// </summary>
    public IReadOnlyDictionary<string, double> Weights { get; }

    /// <summary>The least score (log₁₀) that is kept, or null.</summary>
    public double? Threshold { get; }

    /// <summary>The largest size of the whole output file in MiB (2²⁰ bytes), or null.</summary>
    public double? SizeMiB => Size?.InMiB;

    /// <summary>What ΔW is multiplied by, before it is scored.</summary>
    public double Rescale { get; }

    /// <summary>Whether the recipe compares with the base checkpoint.</summary>
    public bool NeedsCheckpoint => NeedsBaseNorms || NeedsSubspace;

    internal bool NeedsBaseNorms => ScoreWeights.ContainsKey(ScoreReference.SpnCkpt) || ScoreWeights.ContainsKey(ScoreReference.FroCkpt);

    internal bool NeedsSubspace => ScoreWeights.ContainsKey(ScoreReference.Subspace);

    /// <summary>The largest size of the whole output file, or null.</summary>
    internal SizeLimit? Size { get; }

    /// <summary>The weights by what they belong to.</summary>
    internal IReadOnlyDictionary<ScoreReference, double> ScoreWeights { get; }

    /// <summary>The weights as they were given, before they were divided by their sum.</summary>
    internal IReadOnlyDictionary<ScoreReference, double> GivenWeights { get; }

    /// <summary>Reads one recipe, such as <c>spn_ckpt=1,thr=-1.2</c>.</summary>
    /// <param name="text">Keys with values, separated by commas.</param>
    /// <returns>The recipe.</returns>
    /// <exception cref="ResizeLoraException">The text is no valid recipe; the message names the position and the valid keys.</exception>
    public static ResizeRecipe Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        IReadOnlyList<ResizeRecipe> recipes = RecipeParser.ParseAll(text);
        return recipes.Count == 1 ? recipes[0] : throw RecipeFault.MoreThanOne(text);
    }

    /// <inheritdoc/>
    public bool Equals(ResizeRecipe? other) => other is not null && string.Equals(Recipe, other.Recipe, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ResizeRecipe);

    /// <inheritdoc/>
    public override int GetHashCode() => Recipe.GetHashCode(StringComparison.Ordinal);

    /// <summary>The recipe string.</summary>
    /// <returns>Text that <see cref="Parse"/> reads back to an equal recipe.</returns>
    public override string ToString() => Recipe;

    /// <summary>Whether another recipe always keeps the same: weights count by their shares.</summary>
    internal bool IsEquivalentTo(ResizeRecipe other) =>
        Threshold == other.Threshold && Size?.Bytes == other.Size?.Bytes && Rescale == other.Rescale
        && ScoreWeights.Keys.SequenceEqual(other.ScoreWeights.Keys)
        && ScoreWeights.Values.Zip(other.ScoreWeights.Values).All(pair => Math.Abs(pair.First - pair.Second) < 1e-12);

    private string Print()
    {
        var parts = new List<string>();
        foreach ((string key, ScoreReference reference) in RecipeKeys.Scores)
        {
            if (GivenWeights.TryGetValue(reference, out double weight))
                parts.Add(Pair(key, weight));
        }

        if (Threshold is { } threshold)
            parts.Add(Pair(RecipeKeys.Threshold, threshold));
        if (Size is { } size)
            parts.Add($"{RecipeKeys.Size}={size}");
        if (Rescale != 1)
            parts.Add(Pair(RecipeKeys.Rescale, Rescale));
        return string.Join(',', parts);
    }

    private static string Pair(string key, double value) => string.Create(CultureInfo.InvariantCulture, $"{key}={value:R}");
}
