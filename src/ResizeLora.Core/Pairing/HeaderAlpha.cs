namespace ResizeLora.Pairing;

/// <summary>An alpha that the header tells instead of a tensor.</summary>
/// <param name="Alpha">The numerator of the scale.</param>
/// <param name="ByRootOfRank">Whether it is divided by the root of the rank (rsLoRA).</param>
internal sealed record HeaderAlpha(double Alpha, bool ByRootOfRank)
{
    /// <summary>What ΔW is multiplied by.</summary>
    public double Scale(long rank) => Alpha / (ByRootOfRank ? Math.Sqrt(rank) : rank);
}
