using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch;

/// <summary>
/// Scales balanced factors and brings them into the output's type. Singular vectors are defined up to their sign: the
/// largest entry of each left one is made positive.
/// </summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal sealed class FactorEncoder<T>
    where T : unmanaged
{
    /// <summary>Numbers that are scaled at once; they stay in cache until they are narrowed.</summary>
    private const int BlockSize = 1 << 12;

    private readonly BalancedFactors<T> _factors;
    private readonly double[] _signs;

    public FactorEncoder(BalancedFactors<T> factors)
    {
        _factors = factors;
        (double[] least, double[] greatest) = ColumnRange(factors.Up);
        Largest = new double[least.Length];
        _signs = new double[least.Length];
        for (int i = 0; i < least.Length; i++)
        {
            Largest[i] = Math.Max(Math.Max(greatest[i], -least[i]), LargestMagnitude(factors.Down.Row(i)));
            _signs[i] = greatest[i] >= -least[i] ? 1 : -1;
        }
    }

    /// <summary>For each singular value, the largest magnitude in both its vectors.</summary>
    public double[] Largest { get; }

    /// <summary>The chosen columns of the left factor, m × k.</summary>
    public PooledBytes Up(int[] positions, double factor, SafetensorsDType dtype)
    {
        int count = positions.Length;
        NumberMatrix<T> up = _factors.Up;
        T[] factors = [.. positions.Select(position => Number(_signs[position] * factor))];
        var bytes = new PooledBytes(checked(up.Rows * count * (dtype.BitSize() / 8)));
        int rowsAtOnce = Math.Clamp(BlockSize / count, 1, up.Rows);
        using var block = new NumberMatrix<T>(rowsAtOnce, count, rowsAtOnce, count);
        T[] chosen = new T[count];
        bool all = count == up.Columns;
        for (int first = 0; first < up.Rows; first += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, up.Rows - first);
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<T> numbers = up.Row(first + row);
                if (!all)
                {
                    for (int i = 0; i < count; i++)
                        chosen[i] = numbers[positions[i]];
                    numbers = chosen;
                }

                Multiply(numbers, factors, block.Row(row));
            }

            Narrow(block.Numbers[..(rows * count)], dtype, bytes, first * count);
        }

        return bytes;
    }

    /// <summary>The chosen rows of the right factor, k × n.</summary>
    public PooledBytes Down(int[] positions, double factor, SafetensorsDType dtype)
    {
        NumberMatrix<T> down = _factors.Down;
        var bytes = new PooledBytes(checked(positions.Length * down.Columns * (dtype.BitSize() / 8)));
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
                Narrow(block.Numbers[..part.Length], dtype, bytes, i * row.Length + first);
            }
        }

        return bytes;
    }

    private static T Number(double value) =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value) : Unsafe.BitCast<double, T>(value);

    private static double Value(T number) =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<T, float>(number) : Unsafe.BitCast<T, double>(number);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(ReadOnlySpan<T> numbers, ReadOnlySpan<T> factors, Span<T> products)
    {
        int i = 0;
        for (; i <= numbers.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            (Vector256.Create(numbers[i..]) * Vector256.Create(factors[i..])).CopyTo(products[i..]);
        for (; i < numbers.Length; i++)
            products[i] = Number(Value(numbers[i]) * Value(factors[i]));
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

    private static void Narrow(ReadOnlySpan<T> numbers, SafetensorsDType dtype, PooledBytes bytes, int position)
    {
        int size = dtype.BitSize() / 8;
        Span<byte> target = bytes.Span.Slice(position * size, numbers.Length * size);
        if (typeof(T) == typeof(float))
        {
            ElementNarrowing.FromSingle(dtype, MemoryMarshal.Cast<T, float>(numbers), target);
            return;
        }

        ReadOnlySpan<double> doubles = MemoryMarshal.Cast<T, double>(numbers);
        if (dtype == SafetensorsDType.F64)
        {
            doubles.CopyTo(MemoryMarshal.Cast<byte, double>(target));
            return;
        }

        Span<float> singles = stackalloc float[256];
        for (int first = 0; first < doubles.Length; first += singles.Length)
        {
            int count = Math.Min(singles.Length, doubles.Length - first);
            for (int i = 0; i < count; i++)
                singles[i] = (float)doubles[first + i];
            ElementNarrowing.FromSingle(dtype, singles[..count], target[(first * size)..]);
        }
    }

    /// <summary>The least and the greatest number of each column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double[] Least, double[] Greatest) ColumnRange(NumberMatrix<T> matrix)
    {
        T[] least = matrix.Row(0).ToArray();
        T[] greatest = matrix.Row(0).ToArray();
        for (int row = 1; row < matrix.Rows; row++)
        {
            ReadOnlySpan<T> numbers = matrix.Row(row);
            int i = 0;
            for (; i <= numbers.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            {
                Vector256<T> part = Vector256.Create(numbers[i..]);
                Vector256.MinNative(Vector256.Create<T>(least.AsSpan(i)), part).CopyTo(least, i);
                Vector256.MaxNative(Vector256.Create<T>(greatest.AsSpan(i)), part).CopyTo(greatest, i);
            }

            for (; i < numbers.Length; i++)
            {
                least[i] = Number(Math.Min(Value(least[i]), Value(numbers[i])));
                greatest[i] = Number(Math.Max(Value(greatest[i]), Value(numbers[i])));
            }
        }

        return ([.. least.Select(Value)], [.. greatest.Select(Value)]);
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
