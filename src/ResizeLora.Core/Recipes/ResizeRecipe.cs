using System.Globalization;
using ResizeLora.Recipes;
using ResizeLora.Recipes.Rules;

namespace ResizeLora;

/// <summary>
/// Which singular values to keep: how they are scored, and which scores are good enough. Immutable.
/// Prints as a recipe string that parses back to an equal recipe.
/// </summary>
public sealed class ResizeRecipe : IEquatable<ResizeRecipe>
{
    private ResizeRecipe(IReadOnlyList<ScoreWeight> weights, RecipeParts parts)
    {
        Score = new ScoreFormula([.. weights.Where(weight => weight.Given != 0)]);
        Weights = new ReadableWeights(Score.Weights.ToDictionary(weight => weight.Reference.Name, weight => weight.Share));
        Objective = parts.Objective;
        Rules = InOrder(parts.Rules, rule => rule.Key);
        Rescale = parts.Rescale;
        Recipe = string.Join(',', weights.Select(weight => Print(weight.Reference, weight.Given))
            .Concat(Objective is null ? [] : [$"minimize={Objective}"])
            .Concat(Rules.Select(rule => $"{rule.Key.Name}={rule.Rule.Value}"))
            .Concat(Rescale == 1 ? [] : [Print(RecipeKey.Rescale, Rescale)]));
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
    public double? Threshold => Rule<ThresholdRule>()?.Least;

    /// <summary>The largest size of the whole output file in MiB (2²⁰ bytes), or null.</summary>
    public double? SizeMiB => Rule<SizeRule>()?.Limit.InMiB;

    /// <summary>The largest relative error, or null.</summary>
    public double? ErrorLimit => Rule<ErrorRule>()?.Most;

    /// <summary>What is made small where the recipe has no scores: error or error_ckpt; else null.</summary>
    public string? Minimize => Objective?.Name;

    /// <summary>The factor of ΔW, before it is scored.</summary>
    public double Rescale { get; }

    /// <summary>Whether the recipe compares with the base checkpoint.</summary>
    public bool NeedsCheckpoint => Objective?.NeedsCheckpoint == true || Score.Weights.Any(weight => weight.Reference.NeedsCheckpoint);

    internal bool NeedsSubspace => Score.Weights.Any(weight => weight.Reference.NeedsSubspace);

    /// <summary>Whether what is kept depends on scores.</summary>
    internal bool ReadsScores => Score.Weights.Count > 0;

    /// <summary>Whether every layer keeps one singular value at least: rules that decide on each layer by itself leave none out.</summary>
    internal bool KeepsEveryLayer => !ReadsScores && Objective is null;

    /// <summary>Where the recipe cuts scores, as far as that is known before the work: null where a rule over all layers finds it.</summary>
    internal double? ThresholdInAdvance => !ReadsScores ? double.NaN : Rules.Any(rule => rule.Rule is FileRule) ? null : Threshold ?? double.NegativeInfinity;

    /// <summary>What is made small where there are no scores; null where there are, or where layers are decided on one by one.</summary>
    internal Objective? Objective { get; }

    /// <summary>How singular values are scored.</summary>
    internal ScoreFormula Score { get; }

    /// <summary>The selection rules, in the order of the table of keys.</summary>
    internal IReadOnlyList<(SelectionKey Key, SelectionRule Rule)> Rules { get; }

    /// <summary>Reads one recipe, such as <c>spn_ckpt=1,thr=-1.2</c>.</summary>
    /// <param name="text">Keys with values, separated by commas.</param>
    /// <returns>The recipe.</returns>
    /// <exception cref="ResizeLoraException">The text is not a valid recipe; the message names the position and the valid keys.</exception>
    public static ResizeRecipe Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        IReadOnlyList<ResizeRecipe> recipes = RecipeParser.ParseAll(text);
        return recipes.Count == 1 ? recipes[0] : throw RecipeErrors.MoreThanOne(text);
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
        Rescale == other.Rescale
        && Objective == other.Objective
        && Rules.Select(rule => (rule.Key, rule.Rule.Value)).SequenceEqual(other.Rules.Select(rule => (rule.Key, rule.Rule.Value)))
        && Score.Weights.Select(weight => weight.Reference).SequenceEqual(other.Score.Weights.Select(weight => weight.Reference))
        && Score.Weights.Zip(other.Score.Weights).All(pair => Math.Abs(pair.First.Share - pair.Second.Share) < 1e-12);

    /// <summary>Makes a recipe of its parts, if they are enough.</summary>
    /// <param name="text">The recipe as it was written, for messages.</param>
    /// <param name="parts">The combined meaning of its keys.</param>
    /// <exception cref="ResizeLoraException">Nothing says what to keep, or how to score.</exception>
    internal static ResizeRecipe Of(string text, RecipeParts parts)
    {
        RecipeCheck.Check(text, parts);

        // In one order always, so that the sum, and with it the shares, are the same to the last bit.
        List<KeyValuePair<ScoreReference, double>> given = InOrder(parts.Weights, weight => weight.Key);
        double sum = given.Sum(weight => weight.Value);
        if (given.Count > 0 && !(sum > 0 && double.IsFinite(sum)))
            throw RecipeErrors.WeightSum(text, sum);

        return new ResizeRecipe([.. given.Select(weight => new ScoreWeight(weight.Key, weight.Value, weight.Value / sum))], parts);
    }

    private static List<T> InOrder<T>(IEnumerable<T> items, Func<T, RecipeKey> key) => [.. items.OrderBy(item => RecipeKey.All.IndexOf(key(item)))];

    private static string Print(RecipeKey key, double value) => string.Create(CultureInfo.InvariantCulture, $"{key.Name}={value:R}");

    /// <summary>The rule of a kind; null if there is none.</summary>
    internal TRule? Rule<TRule>()
        where TRule : SelectionRule => Rules.Select(rule => rule.Rule).OfType<TRule>().FirstOrDefault();
}
