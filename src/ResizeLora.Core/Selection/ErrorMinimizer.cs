using ResizeLora.Common;

namespace ResizeLora.Selection;

/// <summary>
/// Chooses ranks by what they cost: the least error that fits into a size, or the smallest file within an error. Layers that
/// loaders fuse are one choice where they get one rank; the ranks among which there is a choice are those that loaders take.
/// </summary>
internal sealed class ErrorMinimizer
{
    /// <summary>How far sums of layers' lengths may be off from choice to choice: the padding of the header, and digits of a few offsets.</summary>
    private const double Doubt = 24;

    private readonly IOutputCosts _costs;
    private readonly Func<int[], KeptValues> _take;
    private readonly int _layers;
    private readonly List<Group> _groups;

    /// <param name="weights">The weights of the layers' squared errors.</param>
    /// <param name="least">How many values each layer must keep.</param>
    /// <param name="most">How many it may keep.</param>
    /// <param name="ranks">The limits on ranks.</param>
    /// <param name="costs">What choices cost.</param>
    /// <param name="take">Makes a choice of how many values of each layer are wished for.</param>
    public ErrorMinimizer(double[] weights, int[] least, int[] most, RankRule ranks, IOutputCosts costs, Func<int[], KeptValues> take)
    {
        _costs = costs;
        _take = take;
        _layers = weights.Length;
        IReadOnlyList<double>[] errors = [.. weights.Select((_, layer) => costs.SquaredErrors(layer))];
        AllLost = errors.Sum(layer => layer[0]);

        int wishes = most.Concat(least).Append(0).Max() + 1;
        int[][] wished = [.. Enumerable.Range(0, wishes).Select(wish => least.Zip(most, (low, high) => Math.Clamp(wish, low, Math.Max(low, high))).ToArray())];
        int[][] written = [.. wished.Select(ranks.Apply)];
        _groups = [.. ranks.Groups(_layers).Select(layers => GroupOf([.. layers]))];

        Group GroupOf(int[] layers)
        {
            // Many wishes lead to the same ranks.
            int[] distinct = [.. Enumerable.Range(0, wishes).Where(wish => wish == 0 || layers.Any(layer => written[wish][layer] != written[wish - 1][layer]))];
            double ErrorOf(int wish, int layer) => errors[layer][Math.Min(written[wish][layer], errors[layer].Count - 1)];
            return new Group(
                layers,
                [.. distinct.Select(wish => layers.Select(layer => wished[wish][layer]).ToArray())],
                [.. distinct.Select(wish => layers.Sum(layer => (double)costs.LayerLength(layer, written[wish][layer])))],
                [.. distinct.Select(wish => layers.Sum(layer => ErrorOf(wish, layer)))],
                [.. distinct.Select(wish => layers.Sum(layer => weights[layer] * ErrorOf(wish, layer)))]);
        }
    }

    /// <summary>The squared error of a file that keeps nothing.</summary>
    private double AllLost { get; }

    /// <summary>The least error within a size, the smallest file within an error, or whichever of both is smaller.</summary>
    /// <param name="size">The largest size in bytes, or null.</param>
    /// <param name="error">The largest relative error, or null.</param>
    /// <param name="isWeighted">Whether the error that is made small is another than the relative error that is limited.</param>
    /// <returns>The choice; null where even the least does not fit.</returns>
    public KeptValues? Minimize(long? size, double? error, bool isWeighted)
    {
        if (error is { } most && (isWeighted ? FirstWithin(most) : SmallestWithin(most)) is var within && (size is null || _costs.FileLength(within) <= size))
            return within;

        var search = new ChoiceSearch([.. _groups.Select(group => new ChoiceItem(group.WeightedErrors, group.Lengths))], size!.Value)
        {
            ExactCost = choice => _costs.FileLength(Take(choice)),
            Doubt = Doubt,
        };
        return search.Find() is { } found ? Take(found) : null;
    }

    /// <summary>The smallest file within an error; the one with the least error where none is.</summary>
    private KeptValues SmallestWithin(double error)
    {
        var search = new ChoiceSearch([.. _groups.Select(group => new ChoiceItem(group.Lengths, group.Errors))], AllLost * error * error * (1 - 1e-12))
        {
            ExactValue = choice => _costs.FileLength(Take(choice)),
            Doubt = Doubt,
        };
        return Take(search.Find() ?? [.. _groups.Select(group => group.Errors.IndexOf(group.Errors.Min()))]);
    }

    /// <summary>Of the best files by weighted errors, the first within an error; the last where none is.</summary>
    private KeptValues FirstWithin(double error)
    {
        var frontier = new Frontier([.. _groups.Select(group => new ChoiceItem(group.WeightedErrors, group.Lengths))]);
        int tooFew = Bisection.Largest(frontier.Steps.Count, steps => _costs.RelativeError(Take(frontier.Choice(steps))) > error) ?? -1;
        return Take(frontier.Choice(Math.Min(tooFew + 1, frontier.Steps.Count)));
    }

    private KeptValues Take(int[] choice)
    {
        int[] wished = new int[_layers];
        for (int i = 0; i < choice.Length; i++)
        {
            for (int member = 0; member < _groups[i].Layers.Length; member++)
                wished[_groups[i].Layers[member]] = _groups[i].Wishes[choice[i]][member];
        }

        return _take(wished);
    }

    /// <summary>Layers that are chosen together, and their alternatives.</summary>
    /// <param name="Layers">The layers.</param>
    /// <param name="Wishes">For each alternative, how many values each of the layers wishes for.</param>
    /// <param name="Lengths">For each alternative, its bytes.</param>
    /// <param name="Errors">For each alternative, its squared error.</param>
    /// <param name="WeightedErrors">For each alternative, its squared error with the layers' weights.</param>
    private sealed record Group(int[] Layers, int[][] Wishes, double[] Lengths, double[] Errors, double[] WeightedErrors);
}
