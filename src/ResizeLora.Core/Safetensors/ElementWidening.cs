using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Safetensors;

/// <summary>Stored elements to floating-point numbers, many at a time; exact, infinities and NaN included.</summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal static class ElementWidening
{
    /// <summary>Widens as many elements as <paramref name="numbers"/> holds. 64-bit elements are rounded.</summary>
    public static void ToSingle(SafetensorsDType dtype, ReadOnlySpan<byte> elements, Span<float> numbers)
    {
        switch (dtype)
        {
            case SafetensorsDType.F32:
                MemoryMarshal.Cast<byte, float>(elements)[..numbers.Length].CopyTo(numbers);
                break;
            case SafetensorsDType.F16:
                FromHalf(MemoryMarshal.Cast<byte, short>(elements)[..numbers.Length], numbers);
                break;
            case SafetensorsDType.BF16:
                FromBFloat(MemoryMarshal.Cast<byte, short>(elements)[..numbers.Length], numbers);
                break;
            case SafetensorsDType.F64:
                FromDouble(MemoryMarshal.Cast<byte, double>(elements)[..numbers.Length], numbers);
                break;
            default:
                FromTable(TableOf(dtype), elements[..numbers.Length], numbers);
                break;
        }
    }

    /// <summary>
    /// Five exponent bits to eight: shifted into place, the number is too small by 2^112, subnormals included, which
    /// one multiplication mends; only infinities and NaN need their exponent set.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FromHalf(ReadOnlySpan<short> elements, Span<float> numbers)
    {
        int i = 0;
        var scale = Vector256.Create(BitConverter.UInt32BitsToSingle(0x77800000));
        for (; i <= numbers.Length - Vector256<short>.Count; i += Vector256<short>.Count)
        {
            (Vector256<int> low, Vector256<int> high) = Vector256.Widen(Vector256.Create(elements[i..]));
            Widen(low, scale).CopyTo(numbers[i..]);
            Widen(high, scale).CopyTo(numbers[(i + Vector256<int>.Count)..]);
        }

        for (; i < numbers.Length; i++)
            numbers[i] = (float)BitConverter.Int16BitsToHalf(elements[i]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<float> Widen(Vector256<int> bits, Vector256<float> scale)
        {
            // The sign was extended over the upper half; it stays in bit 31.
            Vector256<int> shifted = (bits << 13) & Vector256.Create(unchecked((int)0x8FFFE000));
            Vector256<float> number = shifted.AsSingle() * scale;
            Vector256<int> special = Vector256.Equals(shifted & Vector256.Create(0x0F800000), Vector256.Create(0x0F800000));
            return (number.AsInt32() | (special & Vector256.Create(0x7F800000))).AsSingle();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FromBFloat(ReadOnlySpan<short> elements, Span<float> numbers)
    {
        int i = 0;
        for (; i <= numbers.Length - Vector256<short>.Count; i += Vector256<short>.Count)
        {
            (Vector256<int> low, Vector256<int> high) = Vector256.Widen(Vector256.Create(elements[i..]));
            (low << 16).AsSingle().CopyTo(numbers[i..]);
            (high << 16).AsSingle().CopyTo(numbers[(i + Vector256<int>.Count)..]);
        }

        for (; i < numbers.Length; i++)
            numbers[i] = BitConverter.Int32BitsToSingle(elements[i] << 16);
    }

    private static void FromDouble(ReadOnlySpan<double> elements, Span<float> numbers)
    {
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (float)elements[i];
    }

    private static void FromTable(float[] table, ReadOnlySpan<byte> elements, Span<float> numbers)
    {
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = table[elements[i]];
    }

    /// <summary>A type of 8 bits has 256 values.</summary>
    private static float[] TableOf(SafetensorsDType dtype) =>
        Tables.All.TryGetValue(dtype, out float[]? table) ? table : throw new NotSupportedException($"{dtype} is no floating-point type.");

    private static class Tables
    {
        public static readonly Dictionary<SafetensorsDType, float[]> All = new[]
        {
            SafetensorsDType.F8_E4M3, SafetensorsDType.F8_E5M2, SafetensorsDType.F8_E8M0, SafetensorsDType.U8, SafetensorsDType.I8,
        }.ToDictionary(dtype => dtype, dtype => Enumerable.Range(0, 256).Select(bits => (float)ElementCodec.Read(dtype, [(byte)bits])).ToArray());
    }
}
