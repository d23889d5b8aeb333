namespace ResizeLora.Selection;

/// <summary>Something of which one alternative is chosen.</summary>
/// <param name="Values">For each alternative, what the sum of is made small.</param>
/// <param name="Costs">For each alternative, what the sum of is limited.</param>
internal sealed record ChoiceItem(IReadOnlyList<double> Values, IReadOnlyList<double> Costs);

/// <summary>
/// The choices of one alternative from each of many items that can't be bettered: from the cheapest, each step takes what gains most
/// for its cost. They are the solutions of the multiple-choice knapsack problem's linear relaxation at their own costs, so each
/// of them is the best at its cost (Sinha and Zoltners 1979).
/// </summary>
internal sealed class Frontier
{
    private readonly int[] _cheapest;
    private readonly List<Step> _steps;

    public Frontier(IReadOnlyList<ChoiceItem> items)
    {
        _cheapest = new int[items.Count];
        _steps = [];
        for (int item = 0; item < items.Count; item++)
            _steps.AddRange(StepsOf(items[item], item, out _cheapest[item]));

        // A stable order, so that the steps of an item stay in theirs, and the choice is repeatable.
        _steps = [.. _steps.OrderByDescending(step => step.Slope)];
    }

    /// <summary>What gains most for its cost first.</summary>
    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>The choice after the first steps: for each item, its alternative.</summary>
    public int[] Choice(int steps)
    {
        int[] choice = [.. _cheapest];
        for (int i = 0; i < steps; i++)
            choice[_steps[i].Item] = _steps[i].To;
        return choice;
    }

    /// <summary>The lower convex hull of an item's alternatives, from the cheapest on for as long as values fall.</summary>
    private static List<Step> StepsOf(ChoiceItem item, int number, out int cheapest)
    {
        var hull = new List<int>();
        foreach (int alternative in Enumerable.Range(0, item.Costs.Count).OrderBy(i => item.Costs[i]).ThenBy(i => item.Values[i]))
        {
            if (hull.Count > 0 && item.Values[alternative] >= item.Values[hull[^1]])
                continue;
            while (hull.Count > 1 && Slope(item, hull[^1], alternative) >= Slope(item, hull[^2], hull[^1]))
                hull.RemoveAt(hull.Count - 1);
            hull.Add(alternative);
        }

        cheapest = hull[0];
        return [.. hull.Zip(hull.Skip(1), (from, to) => new Step(number, from, to, Slope(item, from, to)))];
    }

    /// <summary>The fall of the value for each unit of cost.</summary>
    private static double Slope(ChoiceItem item, int from, int to) => (item.Values[from] - item.Values[to]) / (item.Costs[to] - item.Costs[from]);

    /// <param name="Item">The item that gets another alternative.</param>
    /// <param name="From">The alternative before.</param>
    /// <param name="To">The alternative after.</param>
    /// <param name="Slope">The fall of the value for each unit of cost.</param>
    public sealed record Step(int Item, int From, int To, double Slope);
}
