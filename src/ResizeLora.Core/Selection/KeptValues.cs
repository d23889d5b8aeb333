namespace ResizeLora.Selection;

/// <summary>Which singular values stay.</summary>
/// <param name="Indices">For each layer, the indices of its kept singular values, ascending.</param>
/// <param name="Ranks">For each layer, the rank that it is written with; where that is more than it has values, zeros fill it up.</param>
/// <param name="Threshold">The least score that was wished for; −∞ where everything fits. Rank options may keep lower ones, or not all.</param>
internal sealed record KeptValues(IReadOnlyList<IReadOnlyList<int>> Indices, IReadOnlyList<int> Ranks, double Threshold)
{
    /// <summary>The sum of all ranks.</summary>
    public int Rank => Ranks.Sum();
}
