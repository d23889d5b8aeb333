using ResizeLora.Common;

namespace ResizeLora.Selection;

/// <summary>
/// The multiple-choice knapsack problem: one alternative of each item, so that the sum of the costs is within a limit and the sum
/// of the values least. The frontier's last choice within the limit is improved by dynamic programming: whatever is
/// chosen, the value is at least that of the linear relaxation plus what each alternative is off the frontier, so what is too far off is
/// left out (Pisinger 1995). Few items are chosen from exactly; of many, the best states are followed.
/// </summary>
/// <param name="items">What is chosen from.</param>
/// <param name="limit">The largest sum of costs.</param>
internal sealed class ChoiceSearch(IReadOnlyList<ChoiceItem> items, double limit)
{
    /// <summary>States of all items together: keeps the time short where there are many.</summary>
    private const int MostStates = 1 << 18;

    /// <summary>Exact sums take longer the more items there are.</summary>
    private readonly int _mostExact = 16 + (1 << 18) / (items.Count * items.Count + 1);

    private readonly Frontier _frontier = new(items);

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

        int[] best = _frontier.Choice(count);
        if (count == _frontier.Steps.Count)
            return best;

        // What the sum of approximate costs may be, by the choice whose cost is known.
        double modelLimit = limit - (CostOf(best) - Sum(best, item => item.Costs));
        Fill(best, _frontier.Steps.Skip(count), modelLimit - CostDoubt);
        return Better(best, _frontier.Steps[count].Slope, modelLimit);
    }

    private double Sum(int[] choice, Func<ChoiceItem, IReadOnlyList<double>> numbers) => items.Select((item, i) => numbers(item)[choice[i]]).Sum();

    private double CostOf(int[] choice) => ExactCost?.Invoke(choice) ?? Sum(choice, item => item.Costs);

    private double ValueOf(int[] choice) => ExactValue?.Invoke(choice) ?? Sum(choice, item => item.Values);

    /// <summary>Takes later steps, as far as there is room for them.</summary>
    private void Fill(int[] choice, IEnumerable<Frontier.Step> steps, double most)
    {
        double room = most - Sum(choice, item => item.Costs);
        foreach (Frontier.Step step in steps)
        {
            double cost = items[step.Item].Costs[step.To] - items[step.Item].Costs[step.From];
            if (choice[step.Item] != step.From || cost > room)
                continue;

            choice[step.Item] = step.To;
            room -= cost;
        }
    }

    /// <summary>Looks for a choice that is better than a good one.</summary>
    /// <param name="good">The choice.</param>
    /// <param name="slope">The slope of the frontier where it meets the limit.</param>
    /// <param name="most">What the sum of the items' costs may be.</param>
    private int[] Better(int[] good, double slope, double most)
    {
        double[][] offs = [.. items.Select(item => Offs(item, slope))];
        int[] relaxed = [.. offs.Select(off => Array.IndexOf(off, 0))];
        double bound = Sum(relaxed, item => item.Values) + slope * (Sum(relaxed, item => item.Costs) - most - CostDoubt);
        double best = Sum(good, item => item.Values);
        double Gap() => best - bound + ValueDoubt;

        int[] open = [.. Enumerable.Range(0, items.Count).Where(i => offs[i].Count(off => off < Gap()) > 1).OrderBy(i => offs[i].Order().ElementAt(1))];
        int width = MostStates / Math.Max(1, open.Length);
        List<State[]> stages = [[new State(Sum(relaxed, item => item.Costs), Sum(relaxed, item => item.Values), Off: 0, Parent: 0, Alternative: 0)]];
        foreach (int i in open)
        {
            var next = new List<State>();
            for (int parent = 0; parent < stages[^1].Length; parent++)
            {
                State state = stages[^1][parent];
                for (int j = 0; j < offs[i].Length; j++)
                {
                    if (state.Off + offs[i][j] < Gap())
                        next.Add(new State(state.Cost + items[i].Costs[j] - items[i].Costs[relaxed[i]], state.Value + items[i].Values[j] - items[i].Values[relaxed[i]], state.Off + offs[i][j], parent, j));
                }
            }

            // Where costs or values are in doubt, only what is beyond doubt worse is left out, as long as there are not too many.
            State[] kept = Undominated(next, CostDoubt, ValueDoubt);
            if (kept.Length > width)
                kept = Undominated(next, 0, 0);
            stages.Add(kept.Length <= width ? kept : [.. kept.OrderBy(state => state.Off).Take(width)]);
            best = stages[^1].Where(state => state.Cost <= most - CostDoubt).Select(state => state.Value).Append(best).Min();
        }

        return Exactly(good, stages[^1].Index().Where(state => state.Item.Cost <= most + CostDoubt).OrderBy(state => state.Item.Value).Select(state => Choice(relaxed, open, stages, state.Index)));
    }

    /// <summary>How much worse than the relaxation a choice with an alternative is at the least.</summary>
    private static double[] Offs(ChoiceItem item, double slope)
    {
        double[] sums = [.. item.Values.Zip(item.Costs, (value, cost) => value + slope * cost)];
        double least = sums.Min();
        return [.. sums.Select(sum => sum - least)];
    }

    /// <summary>Leaves out states that cost more than another one and are no better.</summary>
    private static State[] Undominated(List<State> states, double costDoubt, double valueDoubt)
    {
        states.Sort((left, right) => left.Cost.CompareTo(right.Cost) is not 0 and var order ? order : left.Value.CompareTo(right.Value));
        var kept = new List<State>(states.Count);
        double least = double.PositiveInfinity;
        int cheaper = 0;
        foreach (State state in states)
        {
            for (; cheaper < kept.Count && kept[cheaper].Cost <= state.Cost - costDoubt; cheaper++)
                least = Math.Min(least, kept[cheaper].Value);
            if (state.Value < least + valueDoubt)
                kept.Add(state);
        }

        return [.. kept];
    }

    private static int[] Choice(int[] relaxed, int[] open, List<State[]> stages, int index)
    {
        int[] choice = [.. relaxed];
        for (int stage = open.Length; stage > 0; stage--)
        {
            choice[open[stage - 1]] = stages[stage][index].Alternative;
            index = stages[stage][index].Parent;
        }

        return choice;
    }

    /// <summary>The best of several choices that are within the limit, the most promising first.</summary>
    private int[] Exactly(int[] good, IEnumerable<int[]> choices)
    {
        int[] best = good;
        double value = ValueOf(good);
        foreach (int[] choice in choices.Take(_mostExact))
        {
            if (Sum(choice, item => item.Values) >= value + ValueDoubt)
                continue;
            if (ValueOf(choice) is var own && own < value && CostOf(choice) <= limit)
                (best, value) = (choice, own);
            if (ExactValue is null && best != good)
                break;
        }

        return best;
    }

    /// <param name="Cost">The sum of the costs, with the relaxation's alternatives of all items that are still open.</param>
    /// <param name="Value">The same of the values.</param>
    /// <param name="Off">How much worse than the relaxation every choice is that follows.</param>
    /// <param name="Parent">The state of the item before from which it follows.</param>
    /// <param name="Alternative">The alternative of the item.</param>
    private readonly record struct State(double Cost, double Value, double Off, int Parent, int Alternative);
}
