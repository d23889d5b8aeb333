using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>
/// The numeric work, cut at whole tasks: bytes go in, plain records come out. One implementation runs on libtorch;
/// the tests have a plain one. All methods may be called from several threads at once and are repeatable to the bit.
/// A basis is one that <see cref="Decompose"/> gave for the same layer; without it the layer is decomposed again, with
/// the same result. All throw OutOfMemoryException or ExternalException where memory or the library fails.
/// </summary>
internal interface INumericEngine
{
    /// <summary>The singular values of ΔW.</summary>
    /// <exception cref="NonFiniteException">A factor contains NaN or infinity.</exception>
    LayerDecomposition Decompose(LayerFactors layer);

    /// <summary>|⟨uᵢ, W vᵢ⟩| for every singular value of ΔW, with W of ΔW's shape.</summary>
    /// <exception cref="NonFiniteException">A factor or W contains NaN or infinity.</exception>
    double[] SubspaceNorms(LayerFactors layer, SingularBasis? basis, StoredMatrix weight);

    /// <summary>Balanced factors (√σ on each side) of the kept part of ΔW, signs normalised, for each request.</summary>
    /// <exception cref="NonFiniteException">A factor contains NaN or infinity.</exception>
    /// <exception cref="OverflowException">A value is too large for the requested element type.</exception>
    IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests);

    /// <summary>The norms of the rows of W + ΔW, or of groups of its columns: what DoRA divides by.</summary>
    /// <param name="weight">W, of ΔW's shape.</param>
    /// <param name="layer">ΔW.</param>
    /// <param name="groupSize">How many neighbouring columns make a group; 0 for rows.</param>
    /// <exception cref="NonFiniteException">A factor or W contains NaN or infinity.</exception>
    double[] MergedNorms(StoredMatrix weight, LayerFactors layer, long groupSize);

    /// <summary>
    /// How far a change of a weight is from another one, in float64. Each is a sum of products, which may be empty. Nothing is
    /// lost where the two are near each other: what is squared is their difference.
    /// </summary>
    /// <exception cref="NonFiniteException">A factor contains NaN or infinity.</exception>
    ChangeDistance Compare(IReadOnlyList<LayerFactors> reference, IReadOnlyList<LayerFactors> difference);

    /// <summary>Spectral and Frobenius norm of a base layer.</summary>
    /// <exception cref="NonFiniteException">The weight contains NaN or infinity.</exception>
    MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation);
}

/// <summary>Norms of a base layer.</summary>
/// <param name="Spectral">The largest singular value, at most <see cref="SpectralTolerance"/> (relative) below the exact one.</param>
/// <param name="Frobenius">The root of the sum of squares.</param>
internal sealed record MatrixNorms(double Spectral, double Frobenius)
{
    /// <summary>Relative accuracy that spectral norms are computed to.</summary>
    public const double SpectralTolerance = 1e-4;

    /// <summary>Another device may add in another order.</summary>
    private const double FrobeniusAgreement = 1e-6;

    /// <summary>Several times as far as two runs may stop from the norm.</summary>
    private const double SpectralAgreement = 10 * SpectralTolerance;

    /// <summary>Whether both can be norms of one matrix, computed twice.</summary>
    public bool IsLike(MatrixNorms other) =>
        AreAlike(Frobenius, other.Frobenius, FrobeniusAgreement) && AreAlike(Spectral, other.Spectral, SpectralAgreement);

    private static bool AreAlike(double left, double right, double tolerance) => Math.Abs(left - right) <= tolerance * Math.Max(left, right);
}
