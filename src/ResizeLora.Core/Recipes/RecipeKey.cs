using System.Collections.Immutable;
using System.Globalization;
using ResizeLora.Common;
using ResizeLora.Recipes.Rules;

namespace ResizeLora.Recipes;

/// <summary>
/// A key of the recipe language, and the table of all keys. Parser, error messages, completion, New-ResizeRecipe, file names
/// and the tables of the help go by it, so a new key is a row of <see cref="All"/>.
/// </summary>
/// <param name="name">The key.</param>
/// <param name="help">What it does, in a line.</param>
/// <param name="examples">Values to start from; the best first.</param>
internal abstract class RecipeKey(string name, string help, params IReadOnlyList<string> examples)
{
    /// <summary>The factor of ΔW.</summary>
    public static RecipeKey Rescale { get; } = new RescaleKey();

    /// <summary>The table, in the order in which a recipe prints its keys.</summary>
    public static ImmutableArray<RecipeKey> All { get; } =
    [
        new ScoreReference("spn_ckpt", "the largest singular value of the base layer", (layer, _) => layer.BaseSpectralNorm!.Value, needsCheckpoint: true),
        new ScoreReference("spn_lora", "the largest singular value of the LoRA layer", (layer, _) => layer.SpectralNorm),
        new ScoreReference("fro_ckpt", "the Frobenius norm of the base layer", (layer, _) => layer.BaseFrobeniusNorm!.Value, needsCheckpoint: true),
        new ScoreReference("fro_lora", "the Frobenius norm of the LoRA layer", (layer, _) => layer.FrobeniusNorm),
        new ScoreReference("subspace", "what the base layer does to the singular vectors", (layer, index) => layer.SubspaceNorms![index], needsCheckpoint: true) { NeedsSubspace = true },
        new ScoreReference("params", "the number of parameters that one rank costs", (layer, _) => layer.ParametersPerRank),
        new MinimizeKey(),
        new SelectionKey("thr", RuleRole.Threshold, "keeps scores of at least this (log10)", value => new ThresholdRule(value.Number()), "-1.2") { Parameter = "Threshold", ToKeepLess = "raise thr", ToKeepMore = "lower thr" },
        new SelectionKey("size", RuleRole.Limit, "keeps the best that fits into a file of this many MiB; or give a unit, as in 32MB", value => new SizeRule(value.Size()), "32") { ToKeepLess = "give a smaller size", ToKeepMore = "raise the size" },
        new SelectionKey("error", RuleRole.Limit, "keeps the least that has a relative error of at most this", value => new ErrorRule(value.Number("greater than 0 and less than 1", error => error is > 0 and < 1)), "0.05") { Parameter = "ErrorLimit", ToKeepLess = "raise error", ToKeepMore = "lower error" },
        new SelectionKey("sv_ratio", RuleRole.Method, "keeps what is above the largest singular value of the layer divided by this; one at least", value => new RatioRule(value.Number("at least 1", ratio => ratio >= 1)), "5") { ToKeepLess = "lower sv_ratio", ToKeepMore = "raise sv_ratio" },
        new SelectionKey("sv_fro", RuleRole.Method, "keeps the fewest singular values that have this share of the layer's Frobenius norm", value => new FrobeniusRule(value.Share()), "0.9") { ToKeepLess = "lower sv_fro", ToKeepMore = "raise sv_fro" },
        new SelectionKey("sv_cumulative", RuleRole.Method, "keeps the fewest singular values that have this share of their sum", value => new CumulativeRule(value.Share()), "0.8") { ToKeepLess = "lower sv_cumulative", ToKeepMore = "raise sv_cumulative" },
        new SelectionKey("rank", RuleRole.Cap, "keeps at most this rank, whatever the rest of the recipe says", value => new RankCap(value.Whole()), "16") { ToKeepLess = "lower rank", ToKeepMore = "raise rank" },
        new SelectionKey("conv_rank", RuleRole.Cap, "the same for convolutions, in place of rank", value => new ConvolutionRankCap(value.Whole()), "8") { ToKeepLess = "lower conv_rank", ToKeepMore = "raise conv_rank" },
        Rescale,
    ];

    /// <summary>The key.</summary>
    public string Name { get; } = name;

    /// <summary>What it does, in a line.</summary>
    public string Help { get; } = help;

    /// <summary>Values to start from; the best first.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>The parameter of New-ResizeRecipe.</summary>
    public string Parameter { get; init; } = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(name).Replace("_", string.Empty, StringComparison.Ordinal);

    /// <summary>The key in file names.</summary>
    public string Word { get; init; } = WordOf(name);

    /// <summary>Whether the key may stand without a value.</summary>
    public virtual bool MayStandAlone => false;

    /// <summary>Text of a recipe in file names, whose parts are separated by underscores.</summary>
    public static string WordOf(string text) => text.Replace("_", string.Empty, StringComparison.Ordinal);

    /// <summary>The key of this name, in any case; null if there is none.</summary>
    public static RecipeKey? Find(string text) => All.FirstOrDefault(key => key.Name.Equals(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>The key of this name, or whose parameter has this name; null if there is none.</summary>
    public static RecipeKey? FindParameter(string text) => Find(text) ?? All.FirstOrDefault(key => key.Parameter.Equals(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>The key that a text probably means; null if all are too different.</summary>
    public static RecipeKey? Closest(string text)
    {
        if (text.Length > 0 && All.FirstOrDefault(key => text.StartsWith(key.Name, StringComparison.OrdinalIgnoreCase) || key.Name.StartsWith(text, StringComparison.OrdinalIgnoreCase)) is { } related)
            return related;

        (RecipeKey closest, int distance) = All
            .Select(key => (key, Distance: SimilarNames.Distance(text.ToLowerInvariant(), key.Name, limit: int.MaxValue)))
            .MinBy(candidate => candidate.Distance);
        return distance <= Math.Max(2, closest.Name.Length / 2) ? closest : null;
    }

    /// <summary>Adds what a key with its value means to a recipe.</summary>
    /// <exception cref="ResizeLoraException">The value is not one that the key can have.</exception>
    public abstract void AddTo(RecipeParts recipe, RecipeValue value);

    private sealed class RescaleKey : RecipeKey
    {
        public RescaleKey()
            : base("rescale", "the factor by which the LoRA is multiplied first", "1") => Word = "scale";

        public override void AddTo(RecipeParts recipe, RecipeValue value) => recipe.Rescale = value.PositiveNumber();
    }
}

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

/// <summary>What the choice is to make small; it takes the place of scores.</summary>
internal sealed class MinimizeKey() : RecipeKey("minimize", "keeps what makes this small: error is that of the LoRA, error_ckpt that of each layer relative to its base layer", [.. Objective.All.Select(objective => objective.Name)])
{
    public override void AddTo(RecipeParts recipe, RecipeValue value) =>
        recipe.Objective = Objective.Find(value.Text!) ?? throw RecipeErrors.UnknownObjective(value);
}

/// <summary>What a rule is to a recipe; which roles go together says <see cref="RecipeCheck"/>.</summary>
internal enum RuleRole
{
    /// <summary>It cuts scores.</summary>
    Threshold,

    /// <summary>It says how much is kept of what scores, or an objective, put in line.</summary>
    Limit,

    /// <summary>It decides on each layer by itself.</summary>
    Method,

    /// <summary>It limits what the rest of a recipe keeps; alone, it says what is kept.</summary>
    Cap,
}

/// <summary>A key whose value makes a selection rule.</summary>
/// <param name="name">The key.</param>
/// <param name="role">What the rule is to a recipe.</param>
/// <param name="help">What it does, in a line.</param>
/// <param name="rule">Checks a value and makes the rule.</param>
/// <param name="examples">Values to start from; the best first.</param>
internal sealed class SelectionKey(string name, RuleRole role, string help, Func<RecipeValue, SelectionRule> rule, params IReadOnlyList<string> examples)
    : RecipeKey(name, help, examples)
{
    public RuleRole Role => role;

    /// <summary>What to do so that less is kept, for messages.</summary>
    public string ToKeepLess { get; init; } = $"change {name}";

    /// <summary>What to do so that more is kept, for messages.</summary>
    public string ToKeepMore { get; init; } = $"change {name}";

    public override void AddTo(RecipeParts recipe, RecipeValue value) => recipe.Rules.Add((this, rule(value)));
}

/// <summary>The combined meaning of a recipe's keys.</summary>
internal sealed class RecipeParts
{
    /// <summary>The weights as they are given.</summary>
    public Dictionary<ScoreReference, double> Weights { get; } = [];

    public Objective? Objective { get; set; }

    public List<(SelectionKey Key, SelectionRule Rule)> Rules { get; } = [];

    public double Rescale { get; set; } = 1;
}
