using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Common;
using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// Scales balanced factors and brings them into the output's type. Singular vectors are defined up to their sign: the
/// largest entry of each left one is made positive.
/// </summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal sealed class FactorEncoder<T>
    where T : unmanaged
{
    /// <summary>Numbers that are scaled at once; they stay in cache until they are narrowed.</summary>
    public const int BlockSize = 1 << 12;

    private readonly BalancedFactors<T> _factors;
    private readonly double[] _signs;

    public FactorEncoder(BalancedFactors<T> factors)
    {
        _factors = factors;
        (double[] least, double[] greatest) = ColumnRange(factors.Up);
        LargestUp = new double[least.Length];
        LargestDown = new double[least.Length];
        _signs = new double[least.Length];
        for (int i = 0; i < least.Length; i++)
        {
            LargestUp[i] = Math.Max(greatest[i], -least[i]);
            LargestDown[i] = LargestMagnitude(factors.Down.Row(i));
            _signs[i] = greatest[i] >= -least[i] ? 1 : -1;
        }
    }

    /// <summary>Rows of the left factor.</summary>
    public int Rows => _factors.Up.Rows;

    /// <summary>Columns of the right factor.</summary>
    public int Columns => _factors.Down.Columns;

    /// <summary>The largest magnitude in each column of the left factor.</summary>
    public double[] LargestUp { get; }

    /// <summary>The largest magnitude in each row of the right factor.</summary>
    public double[] LargestDown { get; }

    /// <summary>What each column of the left factor, and row of the right one, is multiplied by: 1 or -1.</summary>
    public IReadOnlyList<double> Signs => _signs;

    /// <summary>The chosen columns of the left factor, m × k.</summary>
    /// <param name="positions">Which ones.</param>
    /// <param name="factor">What they are multiplied by.</param>
    /// <param name="format">What they become.</param>
    /// <param name="residues">Takes what rounding changes; null where nobody asks.</param>
    public PooledBytes Up(int[] positions, double factor, ElementFormat format, Residues<T>? residues)
    {
        int count = positions.Length;
        NumberMatrix<T> up = _factors.Up;
        T[] factors = [.. positions.Select(position => Number(_signs[position] * factor)), .. new T[Vector256<T>.Count]];
        var bytes = new PooledBytes(checked(up.Rows * count * format.Size));
        int rowsAtOnce = Math.Clamp(BlockSize / count, 1, up.Rows);
        using var block = new NumberMatrix<T>(rowsAtOnce, count, rowsAtOnce + Vector256<T>.Count, count);
        bool all = count == up.Columns;
        for (int first = 0; first < up.Rows; first += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, up.Rows - first);
            if (all)
                MultiplyRows(up, first, rows, factors, block.Numbers);
            else
                MultiplyChosen(up, first, rows, positions, factors, block.Numbers);
            Narrow(block.Numbers[..(rows * count)], format, bytes, first * count, residues);
        }

        return bytes;
    }

    /// <summary>The chosen rows of the right factor, k × n.</summary>
    /// <param name="positions">Which ones.</param>
    /// <param name="factor">What they are multiplied by.</param>
    /// <param name="format">What they become.</param>
    /// <param name="residues">Takes what rounding changes; null where nobody asks.</param>
    public PooledBytes Down(int[] positions, double factor, ElementFormat format, Residues<T>? residues)
    {
        NumberMatrix<T> down = _factors.Down;
        var bytes = new PooledBytes(checked(positions.Length * down.Columns * format.Size));
        int width = Math.Min(BlockSize, down.Columns);
        using var block = new NumberMatrix<T>(1, width, 1, width);
        for (int i = 0; i < positions.Length; i++)
        {
            ReadOnlySpan<T> row = down.Row(positions[i]);
            T signed = Number(_signs[positions[i]] * factor);
            for (int first = 0; first < row.Length; first += width)
            {
                ReadOnlySpan<T> part = row[first..Math.Min(row.Length, first + width)];
                Multiply(part, signed, block.Numbers);
                Narrow(block.Numbers[..part.Length], format, bytes, i * row.Length + first, residues);
            }
        }

        return bytes;
    }

    public static T Number(double value) =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value) : Unsafe.BitCast<double, T>(value);

    public static double Value(T number) =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<T, float>(number) : Unsafe.BitCast<T, double>(number);

    /// <summary>Whole vectors, also where a row ends within one: the next row's product overwrites what is too much.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRows(NumberMatrix<T> matrix, int first, int rows, T[] factors, Span<T> products)
    {
        int columns = matrix.Columns;
        ReadOnlySpan<T> numbers = matrix.Numbers[(first * matrix.Stride)..];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < columns; i += Vector256<T>.Count)
                (Vector256.Create(numbers[(row * matrix.Stride + i)..]) * Vector256.Create(factors, i)).CopyTo(products[(row * columns + i)..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyChosen(NumberMatrix<T> matrix, int first, int rows, int[] positions, T[] factors, Span<T> products)
    {
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<T> numbers = matrix.Row(first + row);
            for (int i = 0; i < positions.Length; i++)
                products[row * positions.Length + i] = Number(Value(numbers[positions[i]]) * Value(factors[i]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(ReadOnlySpan<T> numbers, T factor, Span<T> products)
    {
        Vector256<T> factors = Vector256.Create(factor);
        int i = 0;
        for (; i <= numbers.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            (Vector256.Create(numbers[i..]) * factors).CopyTo(products[i..]);
        for (; i < numbers.Length; i++)
            products[i] = Number(Value(numbers[i]) * Value(factor));
    }

    private static void Narrow(ReadOnlySpan<T> numbers, ElementFormat format, PooledBytes bytes, int position, Residues<T>? residues)
    {
        Span<byte> target = bytes.Span.Slice(position * format.Size, numbers.Length * format.Size);
        if (typeof(T) == typeof(float))
            format.Narrow(MemoryMarshal.Cast<T, float>(numbers), target);
        else if (format.SignificantBits > BasisCoefficients.SingleSignificantBits || format.IsCoarse)
            format.Narrow(MemoryMarshal.Cast<T, double>(numbers), target);
        else
            NarrowSingles(MemoryMarshal.Cast<T, double>(numbers), format, target);
        residues?.Add(position, numbers, target);
    }

    /// <summary>
    /// Factors for 16 bits are single precision, whichever way they were computed: this keeps outputs to the byte what earlier
    /// versions wrote. It rounds twice, which shows in one of 16,000 entries of half precision, in its last digit.
    /// </summary>
    private static void NarrowSingles(ReadOnlySpan<double> numbers, ElementFormat format, Span<byte> target)
    {
        Span<float> singles = stackalloc float[256];
        for (int first = 0; first < numbers.Length; first += singles.Length)
        {
            Span<float> part = singles[..Math.Min(singles.Length, numbers.Length - first)];
            StoredNumbers.Convert(numbers.Slice(first, part.Length), part);
            format.Narrow(part, target[(first * format.Size)..]);
        }
    }

    /// <summary>The least and the greatest number of each column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double[] Least, double[] Greatest) ColumnRange(NumberMatrix<T> matrix)
    {
        double[] least = new double[matrix.Columns];
        double[] greatest = new double[matrix.Columns];
        ReadOnlySpan<T> numbers = matrix.Numbers;
        for (int column = 0; column < matrix.Columns; column += Vector256<T>.Count)
        {
            Vector256<T> low = Vector256.Create(numbers[column..]);
            Vector256<T> high = low;
            for (int row = 1; row < matrix.Rows; row++)
            {
                Vector256<T> part = Vector256.Create(numbers[(row * matrix.Stride + column)..]);
                low = Vector256.MinNative(low, part);
                high = Vector256.MaxNative(high, part);
            }

            for (int lane = 0; lane < Vector256<T>.Count && column + lane < least.Length; lane++)
            {
                least[column + lane] = Value(low[lane]);
                greatest[column + lane] = Value(high[lane]);
            }
        }

        return (least, greatest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double LargestMagnitude(ReadOnlySpan<T> numbers)
    {
        Vector256<T> largest = default;
        int i = 0;
        for (; i <= numbers.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            largest = Vector256.MaxNative(largest, Vector256.Abs(Vector256.Create(numbers[i..])));
        double result = 0;
        for (int lane = 0; lane < Vector256<T>.Count; lane++)
            result = Math.Max(result, Value(largest[lane]));
        for (; i < numbers.Length; i++)
            result = Math.Max(result, Math.Abs(Value(numbers[i])));
        return result;
    }
}
