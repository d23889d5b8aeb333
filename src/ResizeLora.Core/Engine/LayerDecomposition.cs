namespace ResizeLora.Engine;

/// <summary>A layer's singular values and, where the layer allows it, a short way to its singular vectors.</summary>
/// <param name="SingularValues">The min(m, r, n) singular values of ΔW, descending.</param>
/// <param name="Basis">Spares decomposing the layer again; null for layers that are zero or too badly conditioned.</param>
internal sealed record LayerDecomposition(double[] SingularValues, SingularBasis? Basis) : IDisposable
{
    public void Dispose() => Basis?.Dispose();
}
