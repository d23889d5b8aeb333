using System.Runtime.InteropServices;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Kernels;

/// <summary>Numbers of the type that a kernel works on, float or double.</summary>
internal static class StoredNumbers
{
    /// <summary>Fills <paramref name="numbers"/> with elements; exact, except 64-bit elements as float.</summary>
    public static void Read<T>(ElementFormat format, ReadOnlySpan<byte> elements, Span<T> numbers)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            format.Widen(elements, MemoryMarshal.Cast<T, float>(numbers));
        else
            format.Widen(elements, MemoryMarshal.Cast<T, double>(numbers));
    }

    /// <summary>Rounds numbers to T.</summary>
    public static void Convert<T>(ReadOnlySpan<double> numbers, Span<T> converted)
        where T : unmanaged =>
        ElementFormat.Of(typeof(T) == typeof(float) ? SafetensorsDType.F32 : SafetensorsDType.F64).Narrow(numbers, MemoryMarshal.AsBytes(converted));
}
