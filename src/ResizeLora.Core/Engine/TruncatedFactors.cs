using ResizeLora.Common;

namespace ResizeLora.Engine;

/// <summary>New factors of k singular values, encoded for the output: (Alpha / rank) · Up · Down is the kept part of ΔW, with the rank of the request.</summary>
/// <param name="Up">m × k elements.</param>
/// <param name="Down">k × n elements.</param>
/// <param name="Alpha">A number that the output's element type holds exactly.</param>
internal sealed record TruncatedFactors(PooledBytes Up, PooledBytes Down, double Alpha) : IDisposable
{
    public void Dispose()
    {
        Up.Dispose();
        Down.Dispose();
    }
}
