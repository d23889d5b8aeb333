using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Safetensors;

/// <summary>Numbers to stored elements, many at a time; rounded once, to nearest even.</summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal static class ElementNarrowing
{
    public static void Copy<T>(ReadOnlySpan<T> numbers, Span<byte> elements)
        where T : unmanaged => MemoryMarshal.AsBytes(numbers).CopyTo(elements);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToHalf(ReadOnlySpan<float> numbers, Span<byte> elements)
    {
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(elements);
        int i = 0;
        for (; i <= numbers.Length - 2 * Vector256<float>.Count; i += 2 * Vector256<float>.Count)
        {
            Vector256<uint> low = Narrow(Vector256.Create(numbers[i..]));
            Vector256<uint> high = Narrow(Vector256.Create(numbers[(i + Vector256<float>.Count)..]));
            Vector256.Narrow(low, high).CopyTo(halves[i..]);
        }

        for (; i < numbers.Length; i++)
            halves[i] = BitConverter.HalfToUInt16Bits((Half)numbers[i]);

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
    public static void ToBFloat(ReadOnlySpan<float> numbers, Span<byte> elements)
    {
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(elements);
        for (int i = 0; i < numbers.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(numbers[i]);
            halves[i] = float.IsNaN(numbers[i]) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    /// <summary>To E4M3 (arXiv:2209.05433), which has no infinity: what rounds to more than 448 is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToFloat8(ReadOnlySpan<float> numbers, Span<byte> elements)
    {
        const int atOnce = 32;
        int i = 0;
        for (; i <= numbers.Length - atOnce; i += atOnce)
            Narrow(numbers[i..]).CopyTo(elements[i..]);
        if (i == numbers.Length)
            return;

        Span<float> rest = stackalloc float[atOnce];
        Span<byte> narrowed = stackalloc byte[atOnce];
        rest.Clear();
        numbers[i..].CopyTo(rest);
        Narrow(rest).CopyTo(narrowed);
        narrowed[..(numbers.Length - i)].CopyTo(elements[i..]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<byte> Narrow(ReadOnlySpan<float> numbers)
        {
            int lane = Vector256<float>.Count;
            return Vector256.Narrow(
                Vector256.Narrow(Codes(Vector256.Create(numbers)), Codes(Vector256.Create(numbers[lane..]))),
                Vector256.Narrow(Codes(Vector256.Create(numbers[(2 * lane)..])), Codes(Vector256.Create(numbers[(3 * lane)..]))));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<uint> Codes(Vector256<float> numbers)
        {
            Vector256<uint> bits = numbers.AsUInt32() & Vector256.Create(0x7FFFFFFFu);
            Vector256<uint> sign = (numbers.AsUInt32() ^ bits) >> 24;

            // Eight exponent bits to four; adding half of the last place, or a little less where that is even, rounds.
            Vector256<uint> odd = (bits >> 20) & Vector256.Create(1u);
            Vector256<uint> normal = (bits + Vector256.Create(0xC407FFFFu) + odd) >> 20;

            // Below 2^-6 the adder of the processor rounds: 2^14 has its last place where subnormal codes have theirs.
            Vector256<uint> subnormal = (bits.AsSingle() + Vector256.Create(16384f)).AsUInt32() - Vector256.Create(0x46800000u);
            Vector256<uint> magnitude = Vector256.ConditionalSelect(Vector256.LessThan(bits, Vector256.Create(0x3C800000u)), subnormal, normal);

            // All that comes after 448 is NaN, which is the last code.
            return Vector256.Min(magnitude, Vector256.Create(0x7Fu)) | sign;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(ReadOnlySpan<double> numbers, Span<byte> elements)
    {
        Span<float> singles = MemoryMarshal.Cast<byte, float>(elements);
        int i = 0;
        for (; i <= numbers.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            Vector256.Narrow(Vector256.Create(numbers[i..]), Vector256.Create(numbers[(i + Vector256<double>.Count)..])).CopyTo(singles[i..]);
        for (; i < numbers.Length; i++)
            singles[i] = (float)numbers[i];
    }

    /// <summary>
    /// Rounds to single precision towards zero, and makes the last digit odd if anything was lost. Rounding that once more, to
    /// nearest and to 22 digits or fewer, gives what rounding the numbers themselves would (Boldo and Melquiond 2008).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToOdd(ReadOnlySpan<double> numbers, Span<float> singles)
    {
        int i = 0;
        for (; i <= numbers.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<double> low = Vector256.Create(numbers[i..]);
            Vector256<double> high = Vector256.Create(numbers[(i + Vector256<double>.Count)..]);
            Vector256<float> nearest = Vector256.Narrow(low, high);
            (Vector256<double> nearLow, Vector256<double> nearHigh) = Vector256.Widen(nearest);

            // All bits are set, which is -1, where the comparison holds.
            Vector256<int> beyond = Vector256.Narrow(
                Vector256.GreaterThan(Vector256.Abs(nearLow), Vector256.Abs(low)).AsInt64(),
                Vector256.GreaterThan(Vector256.Abs(nearHigh), Vector256.Abs(high)).AsInt64());
            Vector256<int> exact = Vector256.Narrow(Vector256.Equals(nearLow, low).AsInt64(), Vector256.Equals(nearHigh, high).AsInt64());
            ((nearest.AsInt32() + beyond) | Vector256.AndNot(Vector256<int>.One, exact)).AsSingle().CopyTo(singles[i..]);
        }

        for (; i < numbers.Length; i++)
        {
            float nearest = (float)numbers[i];
            int bits = BitConverter.SingleToInt32Bits(nearest);
            if (Math.Abs((double)nearest) > Math.Abs(numbers[i]))
                bits--;
            singles[i] = nearest == numbers[i] ? nearest : BitConverter.Int32BitsToSingle(bits | 1);
        }
    }
}
