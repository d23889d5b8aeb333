namespace ResizeLora.Selection;

/// <summary>Turns the ranks that scores wish for into those that loaders take. More wishes never make a rank smaller.</summary>
/// <param name="limits">What loaders ask for.</param>
/// <param name="fused">Groups of layers that loaders fuse, by their positions.</param>
internal sealed class RankRule(RankLimits limits, IReadOnlyList<IReadOnlyList<int>> fused)
{
    /// <summary>The ranks for wished ranks: equal first, then rounded up, then cut. A layer of rank 0 is left out.</summary>
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
