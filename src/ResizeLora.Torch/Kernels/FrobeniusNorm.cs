using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Kernels;

/// <summary>The root of the sum of squares of stored elements, summed in float64; not finite if an element is not.</summary>
internal static class FrobeniusNorm
{
    private const int BlockLength = 4096;
    private const int Lane = 8;

    public static double Of(StoredMatrix matrix)
    {
        if (matrix.DType == SafetensorsDType.F64)
            return OfDoubles(MemoryMarshal.Cast<byte, double>(matrix.Bytes.Span));

        ElementFormat format = matrix.Format;
        float[] block = ArrayPool<float>.Shared.Rent(BlockLength);
        double sum = 0;
        for (long first = 0; first < matrix.Rows * matrix.Columns; first += BlockLength)
        {
            Span<float> numbers = block.AsSpan(0, (int)Math.Min(BlockLength, matrix.Rows * matrix.Columns - first));
            format.Widen(matrix.Bytes.Span[(int)(first * format.Size)..], numbers);
            sum += SumOfSquares(numbers);
        }

        ArrayPool<float>.Shared.Return(block);
        return Math.Sqrt(sum);
    }

    private static double OfDoubles(ReadOnlySpan<double> numbers)
    {
        double sum = 0;
        foreach (double number in numbers)
            sum += number * number;
        return Math.Sqrt(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfSquares(ReadOnlySpan<float> numbers)
    {
        // Four sums, so that one addition need not wait for the other.
        Vector256<double> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int i = 0;
        for (; i <= numbers.Length - 2 * Lane; i += 2 * Lane)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(numbers[i..]));
            sum0 = Vector256.MultiplyAddEstimate(low, low, sum0);
            sum1 = Vector256.MultiplyAddEstimate(high, high, sum1);
            (low, high) = Vector256.Widen(Vector256.Create(numbers[(i + Lane)..]));
            sum2 = Vector256.MultiplyAddEstimate(low, low, sum2);
            sum3 = Vector256.MultiplyAddEstimate(high, high, sum3);
        }

        double rest = 0;
        for (; i < numbers.Length; i++)
            rest += (double)numbers[i] * numbers[i];
        return Vector256.Sum(sum0 + sum1 + sum2 + sum3) + rest;
    }
}
