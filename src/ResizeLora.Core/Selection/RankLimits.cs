namespace ResizeLora.Selection;

/// <summary>Limits on ranks, whatever the scores say.</summary>
/// <param name="EqualRank">Layers that loaders fuse get one rank.</param>
/// <param name="RankMultiple">What every rank is a multiple of, or null.</param>
/// <param name="MaxRank">The largest rank, or null.</param>
/// <param name="Rank">The rank of every layer, or null.</param>
internal sealed record RankLimits(bool EqualRank = false, int? RankMultiple = null, int? MaxRank = null, int? Rank = null)
{
    public static RankLimits None { get; } = new();

    public bool IsNone => this == None;

    /// <summary>The options by their names; the only words for them in file names, metadata and messages.</summary>
    public IEnumerable<(string Option, int? Value)> Given
    {
        get
        {
            if (EqualRank)
                yield return (nameof(EqualRank), null);
            if (RankMultiple is not null)
                yield return (nameof(RankMultiple), RankMultiple);
            if (MaxRank is not null)
                yield return (nameof(MaxRank), MaxRank);
            if (Rank is not null)
                yield return (nameof(Rank), Rank);
        }
    }

    /// <summary>Refuses options that contradict each other.</summary>
    /// <exception cref="ResizeLoraException">No rank meets all of them, or one makes others meaningless.</exception>
    public void Check()
    {
        if (Rank is not null && Given.Count() > 1)
            throw SelectionErrors.RankIsFixed(this);
        if (MaxRank < RankMultiple)
            throw SelectionErrors.NoMultipleWithinMaximum(this);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(',', Given.Select(given => given.Value is { } value ? FormattableString.Invariant($"{given.Option}={value}") : given.Option));
}

/// <summary>Turns the ranks that a recipe wishes for into those that loaders take. More wishes never make a rank smaller.</summary>
/// <param name="limits">The limits on ranks.</param>
/// <param name="fused">Groups of layers that loaders fuse, by their positions.</param>
internal sealed class RankRule(RankLimits limits, IReadOnlyList<IReadOnlyList<int>> fused)
{
    /// <summary>The layers whose ranks depend on each other; most depend on no other.</summary>
    /// <param name="count">How many layers there are.</param>
    public IEnumerable<IReadOnlyList<int>> Groups(int count)
    {
        IReadOnlyList<IReadOnlyList<int>> groups = limits.EqualRank ? fused : [];
        return [.. groups, .. Enumerable.Range(0, count).Except(groups.SelectMany(group => group)).Select(layer => new[] { layer })];
    }

    /// <summary>Applies the limits to selected ranks: equalised first, then rounded up, then capped. A layer of rank 0 is left out.</summary>
    public int[] Apply(IReadOnlyList<int> wished)
    {
        if (limits.Rank is { } fixedRank)
            return [.. wished.Select(_ => fixedRank)];

        int[] ranks = [.. wished];
        if (limits.EqualRank)
        {
            foreach (IReadOnlyList<int> group in fused)
            {
                int largest = group.Max(layer => wished[layer]);
                foreach (int layer in group)
                    ranks[layer] = largest;
            }
        }

        int multiple = limits.RankMultiple ?? 1;
        int most = limits.MaxRank is { } maximum ? maximum - (maximum % multiple) : int.MaxValue;
        return [.. ranks.Select(rank => Math.Min((rank + multiple - 1) / multiple * multiple, most))];
    }
}
