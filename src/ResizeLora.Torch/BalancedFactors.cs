using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// U·√Σ (m × k) and √Σ·Vᵀ (k × n) of chosen singular values of Up · Down, without the layer's scale; or the same in another basis of rank space.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed record BalancedFactors<T>(NumberMatrix<T> Up, NumberMatrix<T> Down) : IDisposable
    where T : unmanaged
{
    public void Dispose()
    {
        Up.Dispose();
        Down.Dispose();
    }
}
