using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Kernels;

/// <summary>Stored elements as the numbers that kernels work on, float or double.</summary>
internal static class StoredNumbers
{
    /// <summary>Reads as many elements as <paramref name="numbers"/> holds; exact, except 64-bit elements as float.</summary>
    /// <param name="dtype">The element type.</param>
    /// <param name="elements">Begins with the first one.</param>
    /// <param name="numbers">Takes them.</param>
    /// <param name="singles">Room for as many numbers in single precision, on their way to double.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read<T>(SafetensorsDType dtype, ReadOnlySpan<byte> elements, Span<T> numbers, Span<float> singles)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            ElementWidening.ToSingle(dtype, elements, MemoryMarshal.Cast<T, float>(numbers));
            return;
        }

        Span<double> doubles = MemoryMarshal.Cast<T, double>(numbers);
        if (dtype == SafetensorsDType.F64)
        {
            MemoryMarshal.Cast<byte, double>(elements)[..doubles.Length].CopyTo(doubles);
            return;
        }

        singles = singles[..doubles.Length];
        ElementWidening.ToSingle(dtype, elements, singles);
        int i = 0;
        for (; i <= doubles.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create<float>(singles[i..]));
            low.CopyTo(doubles[i..]);
            high.CopyTo(doubles[(i + Vector256<double>.Count)..]);
        }

        for (; i < doubles.Length; i++)
            doubles[i] = singles[i];
    }

    /// <summary>Rounds numbers to T.</summary>
    public static void Convert<T>(ReadOnlySpan<double> numbers, Span<T> converted)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            numbers.CopyTo(MemoryMarshal.Cast<T, double>(converted));
            return;
        }

        Span<float> singles = MemoryMarshal.Cast<T, float>(converted);
        for (int i = 0; i < numbers.Length; i++)
            singles[i] = (float)numbers[i];
    }
}
