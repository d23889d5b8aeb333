using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Common;
using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// What rounding changes in one factor: what a loader reads from the encoded bytes, less the numbers that were encoded. Taken block by block
/// while both are in cache.
/// </summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal sealed class Residues<T> : IDisposable
    where T : unmanaged
{
    private readonly ElementFormat _format;
    private readonly int _rows;
    private readonly int _columns;
    private readonly bool _areColumns;
    private readonly PooledBytes? _all;
    private readonly T[] _block;
    private readonly T[] _sums;

    /// <param name="format">The format of the encoded bytes.</param>
    /// <param name="rows">Rows of the factor.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="areColumns">Whether its vectors are columns, as in the left factor.</param>
    /// <param name="keepsAll">Whether all residues are wanted, not only the squares of their norms.</param>
    public Residues(ElementFormat format, int rows, int columns, bool areColumns, bool keepsAll)
    {
        _format = format;
        _rows = rows;
        _columns = columns;
        _areColumns = areColumns;
        _all = keepsAll ? new PooledBytes(checked(rows * columns * Unsafe.SizeOf<T>())) : null;
        _block = keepsAll ? [] : new T[Math.Max(FactorEncoder<T>.BlockSize, columns) + Vector256<T>.Count];
        _sums = new T[columns + Vector256<T>.Count];
        Squares = new double[areColumns ? columns : rows];
    }

    /// <summary>For each vector, the sum of the squares of its residues; zeros if all residues are kept.</summary>
    public double[] Squares { get; }

    /// <summary>The residues in the form of the factor, if they are kept.</summary>
    public StoredMatrix All => new("residues", _all!.Memory, typeof(T) == typeof(float) ? SafetensorsDType.F32 : SafetensorsDType.F64, _rows, _columns);

    /// <summary>Takes some neighbours: whole rows, or a part of one where the vectors are rows.</summary>
    /// <param name="position">Which number of the factor is the first.</param>
    /// <param name="numbers">The numbers.</param>
    /// <param name="elements">What they have become.</param>
    public void Add(int position, ReadOnlySpan<T> numbers, ReadOnlySpan<byte> elements)
    {
        Span<T> residues = _all is null ? _block.AsSpan(0, numbers.Length) : MemoryMarshal.Cast<byte, T>(_all.Span).Slice(position, numbers.Length);
        StoredNumbers.Read(_format, elements, residues);
        Subtract(residues, numbers);
        if (_all is not null)
            return;

        if (_areColumns)
            AddSquaresByColumn(numbers.Length / _columns);
        else
            Squares[position / _columns] += SumOfSquares(residues);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Subtract(Span<T> residues, ReadOnlySpan<T> numbers)
    {
        int i = 0;
        for (; i <= residues.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            (Vector256.Create<T>(residues[i..]) - Vector256.Create(numbers[i..])).CopyTo(residues[i..]);
        for (; i < residues.Length; i++)
            residues[i] = FactorEncoder<T>.Number(FactorEncoder<T>.Value(residues[i]) - FactorEncoder<T>.Value(numbers[i]));
    }

    /// <summary>Whole vectors, also where a row ends within one: what is added beyond the last column is not looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddSquaresByColumn(int rows)
    {
        Array.Clear(_sums);
        ReadOnlySpan<T> block = _block;
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < _columns; i += Vector256<T>.Count)
            {
                Vector256<T> residues = Vector256.Create(block[(row * _columns + i)..]);
                (Vector256.Create(_sums, i) + residues * residues).CopyTo(_sums, i);
            }
        }

        for (int i = 0; i < _columns; i++)
            Squares[i] += FactorEncoder<T>.Value(_sums[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfSquares(ReadOnlySpan<T> residues)
    {
        Vector256<T> sums = default;
        int i = 0;
        for (; i <= residues.Length - Vector256<T>.Count; i += Vector256<T>.Count)
        {
            Vector256<T> part = Vector256.Create(residues[i..]);
            sums += part * part;
        }

        double sum = 0;
        for (int lane = 0; lane < Vector256<T>.Count; lane++)
            sum += FactorEncoder<T>.Value(sums[lane]);
        for (; i < residues.Length; i++)
            sum += FactorEncoder<T>.Value(residues[i]) * FactorEncoder<T>.Value(residues[i]);
        return sum;
    }

    public void Dispose() => _all?.Dispose();
}
