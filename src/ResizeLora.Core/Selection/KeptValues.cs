namespace ResizeLora.Selection;

/// <summary>Which singular values stay.</summary>
/// <param name="Indices">For each layer, the indices of its kept singular values, ascending.</param>
/// <param name="Threshold">The least score that is kept; −∞ where everything fits.</param>
internal sealed record KeptValues(IReadOnlyList<IReadOnlyList<int>> Indices, double Threshold)
{
    public int Count => Indices.Sum(layer => layer.Count);
}
