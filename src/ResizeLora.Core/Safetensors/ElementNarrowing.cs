using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Safetensors;

/// <summary>Numbers to stored elements, many at a time; rounded to nearest even.</summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal static class ElementNarrowing
{
    /// <summary>Narrows all numbers to F16, BF16 or F32.</summary>
    public static void FromSingle(SafetensorsDType dtype, ReadOnlySpan<float> numbers, Span<byte> elements)
    {
        switch (dtype)
        {
            case SafetensorsDType.F32:
                MemoryMarshal.AsBytes(numbers).CopyTo(elements);
                break;
            case SafetensorsDType.F16:
                ToHalf(numbers, MemoryMarshal.Cast<byte, ushort>(elements));
                break;
            case SafetensorsDType.BF16:
                ToBFloat(numbers, MemoryMarshal.Cast<byte, ushort>(elements));
                break;
            default:
                throw new NotSupportedException($"{dtype} is no output type.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToHalf(ReadOnlySpan<float> numbers, Span<ushort> elements)
    {
        int i = 0;
        for (; i <= numbers.Length - 2 * Vector256<float>.Count; i += 2 * Vector256<float>.Count)
        {
            Vector256<uint> low = Narrow(Vector256.Create(numbers[i..]));
            Vector256<uint> high = Narrow(Vector256.Create(numbers[(i + Vector256<float>.Count)..]));
            Vector256.Narrow(low, high).CopyTo(elements[i..]);
        }

        for (; i < numbers.Length; i++)
            elements[i] = BitConverter.HalfToUInt16Bits((Half)numbers[i]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<uint> Narrow(Vector256<float> numbers)
        {
            Vector256<uint> bits = numbers.AsUInt32() & Vector256.Create(0x7FFFFFFFu);
            Vector256<uint> sign = (numbers.AsUInt32() ^ bits) >> 16;

            // Eight exponent bits to five; adding half of the last place, or a little less where that is even, rounds.
            Vector256<uint> odd = (bits >> 13) & Vector256.Create(1u);
            Vector256<uint> normal = (bits + Vector256.Create(0xC8000FFFu) + odd) >> 13;

            // Below 2^-14 the adder of the processor rounds: 0.5 has its last place where subnormal halves have theirs.
            Vector256<uint> subnormal = (bits.AsSingle() + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0x3F000000u);
            Vector256<uint> magnitude = Vector256.ConditionalSelect(Vector256.LessThan(bits, Vector256.Create(0x38800000u)), subnormal, normal);

            // From 65520 on, infinity; what is more than infinity is NaN.
            magnitude = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(bits, Vector256.Create(0x477FF000u)), Vector256.Create(0x7C00u), magnitude);
            magnitude = Vector256.ConditionalSelect(Vector256.GreaterThan(bits, Vector256.Create(0x7F800000u)), Vector256.Create(0x7E00u), magnitude);
            return magnitude | sign;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToBFloat(ReadOnlySpan<float> numbers, Span<ushort> elements)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(numbers[i]);
            elements[i] = float.IsNaN(numbers[i]) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }
}
