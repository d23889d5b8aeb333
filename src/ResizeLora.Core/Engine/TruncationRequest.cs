using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>Which part of a layer to keep, and in which form.</summary>
/// <param name="Kept">Indices of the singular values to keep, ascending; at least one.</param>
/// <param name="Rescale">The factor of ΔW; positive.</param>
/// <param name="DType">Element type of the new factors: that of an output, or F64 for what is computed on.</param>
/// <param name="HasAlpha">Whether an alpha tensor is written; without one loaders take alpha = rank.</param>
internal sealed record TruncationRequest(IReadOnlyList<int> Kept, double Rescale, SafetensorsDType DType, bool HasAlpha)
{
    /// <summary>The rank that loaders divide alpha by: more than is kept where zeros are added to the factors.</summary>
    public int Rank { get; init; } = Kept.Count;

    /// <summary>Whether alpha must say the rank and nothing else, even where that costs digits.</summary>
    public bool AlphaIsRank { get; init; }
}

/// <summary>New factors of k singular values, encoded for the output: (Alpha / rank) · Up · Down is the kept part of ΔW, with the rank of the request.</summary>
/// <param name="Up">m × k elements.</param>
/// <param name="Down">k × n elements.</param>
/// <param name="Alpha">A number that its type in the output represents exactly.</param>
/// <param name="RoundingError">The Frobenius norm of what a loader makes of them, less the kept part of ΔW.</param>
internal sealed record TruncatedFactors(PooledBytes Up, PooledBytes Down, double Alpha, double RoundingError) : IDisposable
{
    public void Dispose()
    {
        Up.Dispose();
        Down.Dispose();
    }
}
