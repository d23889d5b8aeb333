using ResizeLora.Common;

namespace ResizeLora.Engine;

/// <summary>A layer's singular values and, where the layer allows it, a short way to its singular vectors.</summary>
/// <param name="SingularValues">The min(m, r, n) singular values of ΔW, descending.</param>
/// <param name="Basis">Spares decomposing the layer again; null for layers that are zero or too badly conditioned.</param>
internal sealed record LayerDecomposition(double[] SingularValues, SingularBasis? Basis) : IDisposable
{
    public void Dispose() => Basis?.Dispose();
}

/// <summary>
/// The small part of the singular value decomposition of Up · Down = U·Σ·Vᵀ (m × r times r × n), from which the vectors
/// of any singular values follow by one thin product each: U = Up·X·Σ⁻¹ and Vᵀ = Σ⁻²·Xᵀ·G·Down with G = UpᵀUp.
/// </summary>
/// <param name="Values">Σ without the layer's scale, descending; p of them.</param>
/// <param name="Coefficients">X, r × p in row order.</param>
/// <param name="UpGram">G, r × r in row order.</param>
/// <param name="DownNorms">The norms of the r rows of Down.</param>
internal sealed record SingularBasis(double[] Values, NumberBuffer Coefficients, NumberBuffer UpGram, double[] DownNorms) : IDisposable
{
    /// <summary>Bytes that the basis of a layer of rank r takes.</summary>
    public static long SizeFor(long rank) => 2 * rank * rank * sizeof(double);

    public void Dispose()
    {
        Coefficients.Dispose();
        UpGram.Dispose();
    }
}
