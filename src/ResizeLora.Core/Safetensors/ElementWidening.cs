using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Safetensors;

/// <summary>Stored elements to floating-point numbers, many at a time; exact, infinities and NaN included.</summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal static class ElementWidening
{
    /// <summary>Elements that are such numbers.</summary>
    public static void Copy<T>(ReadOnlySpan<byte> elements, Span<T> numbers)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(elements)[..numbers.Length].CopyTo(numbers);

    /// <summary>Elements that .NET has a type for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Convert<TElement, T>(ReadOnlySpan<byte> elements, Span<T> numbers)
        where TElement : unmanaged, INumber<TElement>
        where T : INumber<T>
    {
        ReadOnlySpan<TElement> typed = MemoryMarshal.Cast<byte, TElement>(elements)[..numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = T.CreateTruncating(typed[i]);
    }

    /// <summary>Elements of 8 bits, by a table of their 256 values.</summary>
    public static void FromTable(float[] table, ReadOnlySpan<byte> elements, Span<float> numbers)
    {
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = table[elements[i]];
    }

    /// <summary>
    /// Four exponent bits to eight: shifted into place, the number is too small by 2^120, subnormals included; the last code of each sign is NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromFloat8(ReadOnlySpan<byte> elements, Span<float> numbers)
    {
        const int atOnce = 32;
        int i = 0;
        for (; i <= numbers.Length - atOnce; i += atOnce)
            Widen(elements[i..], numbers[i..]);
        if (i == numbers.Length)
            return;

        Span<byte> rest = stackalloc byte[atOnce];
        Span<float> widened = stackalloc float[atOnce];
        rest.Clear();
        elements[i..numbers.Length].CopyTo(rest);
        Widen(rest, widened);
        widened[..(numbers.Length - i)].CopyTo(numbers[i..]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Widen(ReadOnlySpan<byte> elements, Span<float> numbers)
        {
            (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(Vector256.Create(elements));
            (Vector256<uint> first, Vector256<uint> second) = Vector256.Widen(low);
            (Vector256<uint> third, Vector256<uint> fourth) = Vector256.Widen(high);
            Numbers(first).CopyTo(numbers);
            Numbers(second).CopyTo(numbers[Vector256<float>.Count..]);
            Numbers(third).CopyTo(numbers[(2 * Vector256<float>.Count)..]);
            Numbers(fourth).CopyTo(numbers[(3 * Vector256<float>.Count)..]);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<float> Numbers(Vector256<uint> codes)
        {
            Vector256<uint> magnitude = codes & Vector256.Create(0x7Fu);
            Vector256<uint> number = ((magnitude << 20).AsSingle() * Vector256.Create(BitConverter.UInt32BitsToSingle(0x7B800000))).AsUInt32();
            Vector256<uint> nan = Vector256.Equals(magnitude, Vector256.Create(0x7Fu)) & Vector256.Create(0x7FC00000u);
            return (number | nan | ((codes ^ magnitude) << 24)).AsSingle();
        }
    }

    /// <summary>
    /// Five exponent bits to eight: shifted into place, the number is too small by 2^112, subnormals included, which
    /// one multiplication mends; only infinities and NaN need their exponent set.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromHalf(ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        ReadOnlySpan<short> elements = MemoryMarshal.Cast<byte, short>(bytes)[..numbers.Length];
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
    public static void FromBFloat(ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        ReadOnlySpan<short> elements = MemoryMarshal.Cast<byte, short>(bytes)[..numbers.Length];
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

    /// <summary>As many singles as there are, to doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToDouble(ReadOnlySpan<float> singles, Span<double> numbers)
    {
        int i = 0;
        for (; i <= singles.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(singles[i..]));
            low.CopyTo(numbers[i..]);
            high.CopyTo(numbers[(i + Vector256<double>.Count)..]);
        }

        for (; i < singles.Length; i++)
            numbers[i] = singles[i];
    }
}
