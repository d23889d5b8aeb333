using ResizeLora.Common;
using ResizeLora.Recipes;
using ResizeLora.Recipes.Rules;

namespace ResizeLora.Selection;

/// <summary>
/// Chooses which singular values of a file to keep. All of them are sorted by score, the best first. A recipe's rules select
/// from the top: a layer rule selects a number from each layer, a rule over all layers a number in total.
/// Limits on ranks turn the selection into ranks; each layer then keeps as many of its best values as its rank.
/// </summary>
internal sealed class Selector : IChoices
{
    private readonly ResizeRecipe _recipe;
    private readonly RankRule _ranks;
    private readonly IReadOnlyList<LayerSpectrum> _spectra;
    private readonly IOutputCosts _costs;

    /// <summary>All values that may be kept, the best first.</summary>
    private readonly List<Candidate> _all;

    /// <summary>The same for each layer.</summary>
    private readonly List<Candidate>[] _layers;

    /// <summary>The values that the rules of layers allow, the best first.</summary>
    private readonly List<Candidate> _line = [];

    /// <summary>How many of these must be kept, whatever rules say: they come first.</summary>
    private readonly int _required;

    /// <param name="recipe">Whose rules choose.</param>
    /// <param name="layers">The layers with their scores.</param>
    /// <param name="ranks">The limits on ranks.</param>
    /// <param name="costs">What choices cost.</param>
    public Selector(ResizeRecipe recipe, IReadOnlyList<LayerSpectrum> layers, RankRule ranks, IOutputCosts costs)
    {
        _recipe = recipe;
        _spectra = layers;
        _ranks = ranks;
        _costs = costs;
        _layers = [.. layers.Select(_ => new List<Candidate>())];

        _all = [.. layers.SelectMany((layer, number) => layer.Scores.Select((score, index) => new Candidate(score, number, index)))];
        _all.RemoveAll(candidate => double.IsNegativeInfinity(candidate.Score));
        _all.Sort();

        LayerRule[] rules = [.. recipe.Rules.Select(rule => rule.Rule).OfType<LayerRule>()];
        int[] allowed = [.. layers.Select(layer => Allowed(rules, layer))];
        foreach (Candidate candidate in _all)
        {
            if (_layers[candidate.Layer].Count < allowed[candidate.Layer] || double.IsPositiveInfinity(candidate.Score))
                _line.Add(candidate);
            _layers[candidate.Layer].Add(candidate);
        }

        _required = _line.TakeWhile(candidate => double.IsPositiveInfinity(candidate.Score)).Count();
    }

    /// <summary>What is kept if no value is selected but those that must be.</summary>
    public KeptValues Least => Take(_all.Take(_required), double.PositiveInfinity);

    /// <summary>What is kept if only the best value of the others is selected.</summary>
    public KeptValues First => _all.Count > _required ? Take(_all.Take(_required + 1), _all[_required].Score) : Least;

    /// <summary>The best score; null where no value may be kept.</summary>
    public double? BestScore => _all.Count == 0 ? null : _all[0].Score;

    int IChoices.Count => _line.Count - _required;

    long IChoices.FileLength(int count) => _costs.FileLength(Choice(count));

    double IChoices.RelativeError(int count) => _costs.RelativeError(Choice(count));

    /// <summary>Keeps what all rules of the recipe wish for; null where for one of them even the least is too much.</summary>
    public KeptValues? Select()
    {
        if (_recipe.Objective is { } objective)
            return Minimize(objective, _recipe.Rule<SizeRule>()?.Limit.Bytes, _recipe.ErrorLimit);

        int count = _line.Count - _required;
        foreach (FileRule rule in _recipe.Rules.Select(rule => rule.Rule).OfType<FileRule>())
        {
            if (rule.Count(this) is not { } most)
                return null;

            count = Math.Min(count, most);
        }

        return Choice(count);
    }

    /// <summary>Keeps the best that makes a smaller file than so many bytes, whatever its error; null where there is no smaller one.</summary>
    public KeptValues? SelectBelow(long bytes)
    {
        if (_recipe.Objective is { } objective)
            return Minimize(objective, bytes - 1, error: null);

        return Bisection.Largest(_line.Count - _required, count => _costs.FileLength(Choice(count)) < bytes) is { } most ? Choice(most) : null;
    }

    /// <summary>Rules are about how many values of a layer are wished for, whichever come first in line.</summary>
    private KeptValues? Minimize(Objective objective, long? size, double? error)
    {
        int[] most = [.. _line.CountBy(candidate => candidate.Layer).Aggregate(new int[_layers.Length], (counts, layer) => { counts[layer.Key] = layer.Value; return counts; })];
        int[] least = [.. _layers.Select(line => line.TakeWhile(candidate => double.IsPositiveInfinity(candidate.Score)).Count())];
        var minimizer = new ErrorMinimizer([.. _spectra.Select(objective.Weight)], least, most, _ranks, _costs, wished => OfWishes(wished, double.NaN));
        return minimizer.Minimize(size, error, isWeighted: objective != Objective.Error);
    }

    /// <summary>How many singular values of a layer the rules of layers allow.</summary>
    private static int Allowed(LayerRule[] rules, LayerSpectrum layer) =>
        rules.Where(rule => !Array.Exists(rules, other => other.Replaces(rule, layer))).Select(rule => rule.Rank(layer)).Append(int.MaxValue).Min();

    /// <summary>What is kept if the best values are selected, in addition to those that must be.</summary>
    private KeptValues Choice(int count) =>
        !_recipe.ReadsScores ? Take(_line, double.NaN)
        : _required + count == _line.Count ? Take(_line, _recipe.Threshold ?? double.NegativeInfinity)
        : count == 0 ? Least
        : Take(_line.Take(_required + count), _line[_required + count - 1].Score);

    private KeptValues Take(IEnumerable<Candidate> wishes, double threshold)
    {
        int[] wished = new int[_layers.Length];
        foreach (Candidate candidate in wishes)
            wished[candidate.Layer]++;

        // A layer of zeros has no value to keep, and gets a rank all the same.
        if (_recipe.KeepsEveryLayer)
            wished = [.. wished.Select(count => Math.Max(1, count))];
        return OfWishes(wished, threshold);
    }

    private KeptValues OfWishes(IReadOnlyList<int> wished, double threshold)
    {
        int[] ranks = _ranks.Apply(wished);
        return new KeptValues([.. _layers.Select((line, layer) => Best(line, ranks[layer]))], ranks, threshold);
    }

    private static int[] Best(List<Candidate> line, int count)
    {
        int[] indices = [.. line.Take(count).Select(candidate => candidate.Index)];
        Array.Sort(indices);
        return indices;
    }

    private readonly record struct Candidate(double Score, int Layer, int Index) : IComparable<Candidate>
    {
        /// <summary>The best first; equal scores go by position, so that the choice is repeatable.</summary>
        public int CompareTo(Candidate other)
        {
            int order = other.Score.CompareTo(Score);
            if (order == 0)
                order = Layer.CompareTo(other.Layer);
            return order != 0 ? order : Index.CompareTo(other.Index);
        }
    }
}

/// <summary>Which singular values stay.</summary>
/// <param name="Indices">For each layer, the indices of its kept singular values, ascending.</param>
/// <param name="Ranks">For each layer, the rank that it is written with; where that is more than it has values, zeros fill it up.</param>
/// <param name="Threshold">The lowest selected score; −∞ where everything fits, NaN where the recipe has no scores. Rank options may keep lower ones, or not all.</param>
internal sealed record KeptValues(IReadOnlyList<IReadOnlyList<int>> Indices, IReadOnlyList<int> Ranks, double Threshold)
{
    /// <summary>The sum of all ranks.</summary>
    public int Rank => Ranks.Sum();
}
