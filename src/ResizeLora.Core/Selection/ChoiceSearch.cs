using ResizeLora.Common;

namespace ResizeLora.Selection;

/// <summary>
/// The multiple-choice knapsack problem: one alternative of each item, so that the sum of the costs is within a limit and the sum of the
/// values least. The frontier's last choice within the limit is improved by branch and bound: whatever is chosen, the value
/// is at least the linear relaxation's plus what each alternative is off the frontier. Where there are too many choices to
/// try them all the search stops early, but then what is left to gain is less than one step of thousands.
/// </summary>
/// <param name="items">What is chosen from.</param>
/// <param name="limit">The largest sum of costs.</param>
internal sealed class ChoiceSearch(IReadOnlyList<ChoiceItem> items, double limit)
{
    private const int MostNodes = 1 << 20;

    /// <summary>Exact sums take as long as there are items.</summary>
    private readonly int _mostExact = 32 + (1 << 14) / Math.Max(1, items.Count);

    private readonly Frontier _frontier = new(items);
    private double _modelLimit;
    private int[] _best = [];
    private double _bestValue;
    private int _nodes;
    private int _exact;

    /// <summary>The exact sum of the costs of a choice, where the items' costs are approximate.</summary>
    public Func<int[], double>? ExactCost { get; init; }

    /// <summary>The exact sum of the values of a choice, where the items' values are approximate.</summary>
    public Func<int[], double>? ExactValue { get; init; }

    /// <summary>How far the sum of approximate costs or values may be off, from choice to choice.</summary>
    public double Doubt { get; init; }

    private double CostDoubt => ExactCost is null ? 0 : Doubt;

    private double ValueDoubt => ExactValue is null ? 0 : Doubt;

    /// <summary>For each item the number of its alternative; null if even the cheapest ones cost too much.</summary>
    public int[]? Find()
    {
        if (Bisection.Largest(_frontier.Steps.Count, steps => CostOf(_frontier.Choice(steps)) <= limit) is not { } count)
            return null;

        _best = _frontier.Choice(count);
        if (count == _frontier.Steps.Count)
            return _best;

        _modelLimit = limit - (CostOf(_best) - ModelCost(_best));
        Fill(count);
        _bestValue = ValueOf(_best);
        Improve(_frontier.Steps[count].Slope);
        return _best;
    }

    private double ModelCost(int[] choice) => items.Select((item, i) => item.Costs[choice[i]]).Sum();

    private double ModelValue(int[] choice) => items.Select((item, i) => item.Values[choice[i]]).Sum();

    private double CostOf(int[] choice) => ExactCost?.Invoke(choice) ?? ModelCost(choice);

    private double ValueOf(int[] choice) => ExactValue?.Invoke(choice) ?? ModelValue(choice);

    /// <summary>Takes later steps, as far as there is room for them.</summary>
    private void Fill(int count)
    {
        double room = _modelLimit - CostDoubt - ModelCost(_best);
        foreach (Frontier.Step step in _frontier.Steps.Skip(count))
        {
            double cost = items[step.Item].Costs[step.To] - items[step.Item].Costs[step.From];
            if (_best[step.Item] != step.From || cost > room)
                continue;

            _best[step.Item] = step.To;
            room -= cost;
        }
    }

    private void Improve(double slope)
    {
        // Each alternative's excess: how much worse a choice with it is than the relaxation, at the least.
        double[][] excess = [.. items.Select(item => Excess(item, slope))];
        double bound = items.Select((item, i) => item.Values.Zip(item.Costs, (value, cost) => value + slope * cost).Min()).Sum() - slope * (_modelLimit + CostDoubt);
        double offset = ExactValue is null ? 0 : _bestValue - ModelValue(_best);
        double gap = _bestValue - offset - bound + ValueDoubt;
        Branch[] branches =
        [
            .. items.Select((item, i) => new Branch(i, [.. Enumerable.Range(0, item.Costs.Count).Where(j => excess[i][j] < gap).OrderBy(j => excess[i][j])]))
                .OrderByDescending(branch => branch.Alternatives.Max(j => items[branch.Item].Costs[j]) - branch.Alternatives.Min(j => items[branch.Item].Costs[j])),
        ];
        double[] cheapest = Rest(branches, alternatives => alternatives.Min());
        double[] dearest = Rest(branches, alternatives => alternatives.Max());
        int[] choice = new int[items.Count];
        Visit(0, 0, 0);

        void Visit(int depth, double cost, double off)
        {
            if (depth == branches.Length)
            {
                Try(choice, cost);
                return;
            }

            Branch branch = branches[depth];
            foreach (int alternative in branch.Alternatives)
            {
                double nextOff = off + excess[branch.Item][alternative];
                double nextCost = cost + items[branch.Item].Costs[alternative];
                double allowed = _bestValue - offset - bound + ValueDoubt;
                if (nextOff >= allowed || _nodes++ >= MostNodes)
                    return;
                if (nextCost + cheapest[depth + 1] > _modelLimit + CostDoubt
                    || nextOff + slope * Math.Max(0, _modelLimit + CostDoubt - nextCost - dearest[depth + 1]) >= allowed)
                    continue;

                choice[branch.Item] = alternative;
                Visit(depth + 1, nextCost, nextOff);
            }
        }
    }

    /// <summary>Takes a choice if it is better than the best so far.</summary>
    private void Try(int[] choice, double cost)
    {
        double value = ModelValue(choice);
        if (ExactValue is null ? value >= _bestValue : !IsExact(() => (value = ExactValue(choice)) < _bestValue))
            return;
        if (cost > _modelLimit - CostDoubt && ExactCost is not null && !IsExact(() => ExactCost(choice) <= limit))
            return;

        _bestValue = value;
        _best = [.. choice];
    }

    private bool IsExact(Func<bool> check) => _exact++ < _mostExact && check();

    private double[] Rest(Branch[] branches, Func<IEnumerable<double>, double> of)
    {
        double[] rest = new double[branches.Length + 1];
        for (int i = branches.Length - 1; i >= 0; i--)
            rest[i] = rest[i + 1] + of(branches[i].Alternatives.Select(alternative => items[branches[i].Item].Costs[alternative]));
        return rest;
    }

    private static double[] Excess(ChoiceItem item, double slope)
    {
        double[] sums = [.. item.Values.Zip(item.Costs, (value, cost) => value + slope * cost)];
        double least = sums.Min();
        return [.. sums.Select(sum => sum - least)];
    }

    /// <param name="Item">An item.</param>
    /// <param name="Alternatives">Those of its alternatives that can be in a better choice, the least off first.</param>
    private sealed record Branch(int Item, int[] Alternatives);
}
