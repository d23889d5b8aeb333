using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Common;

namespace ResizeLora.Torch.Kernels;

/// <summary>
/// A dense matrix of float or double in pooled memory, padded so that kernels may write whole tiles and, at its end, read
/// a whole vector from any number on.
/// </summary>
internal sealed class NumberMatrix<T> : IDisposable
    where T : unmanaged
{
    private readonly PooledBytes _bytes;

    /// <param name="rows">Rows that count.</param>
    /// <param name="columns">Columns that count.</param>
    /// <param name="paddedRows">Rows in memory.</param>
    /// <param name="stride">Columns in memory.</param>
    public NumberMatrix(int rows, int columns, int paddedRows, int stride)
    {
        Rows = rows;
        Columns = columns;
        Stride = stride;
        _bytes = new PooledBytes(checked((paddedRows * stride + Vector256<T>.Count) * Unsafe.SizeOf<T>()));
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Numbers from the begin of a row to that of the next.</summary>
    public int Stride { get; }

    /// <summary>All numbers, padding included; it may hold anything.</summary>
    public Span<T> Numbers => MemoryMarshal.Cast<byte, T>(_bytes.Span);

    public Span<T> Row(int row) => Numbers.Slice(row * Stride, Columns);

    public void Dispose() => _bytes.Dispose();
}
