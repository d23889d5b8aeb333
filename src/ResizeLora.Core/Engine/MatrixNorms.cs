namespace ResizeLora.Engine;

/// <summary>Norms of a base layer.</summary>
/// <param name="Spectral">The largest singular value, at most <see cref="SpectralTolerance"/> (relative) below the exact one.</param>
/// <param name="Frobenius">The root of the sum of squares.</param>
internal sealed record MatrixNorms(double Spectral, double Frobenius)
{
    /// <summary>Relative accuracy that spectral norms are computed to.</summary>
    public const double SpectralTolerance = 1e-4;
}
