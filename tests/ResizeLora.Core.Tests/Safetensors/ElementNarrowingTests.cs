using System.Runtime.InteropServices;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Safetensors;

public sealed class ElementNarrowingTests
{
    [Theory]
    [InlineData(SafetensorsDType.F16)]
    [InlineData(SafetensorsDType.BF16)]
    [InlineData(SafetensorsDType.F32)]
    internal void Each_number_becomes_what_one_alone_becomes(SafetensorsDType dtype)
    {
        int size = dtype.BitSize() / 8;
        float[] numbers = [.. Numbers()];
        byte[] actual = new byte[numbers.Length * size];
        ElementNarrowing.FromSingle(dtype, numbers, actual);
        byte[] expected = new byte[size];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (float.IsNaN(numbers[i]))
            {
                Assert.True(double.IsNaN(ElementCodec.Read(dtype, actual.AsSpan(i * size))));
                continue;
            }

            ElementCodec.Write(dtype, numbers[i], expected);
            if (!expected.AsSpan().SequenceEqual(actual.AsSpan(i * size, size)))
                Assert.Fail($"{numbers[i]:R} ({BitConverter.SingleToUInt32Bits(numbers[i]):X8}) became {Convert.ToHexString(actual, i * size, size)}, not {Convert.ToHexString(expected)}.");
        }
    }

    [Fact]
    public void A_type_that_is_no_output_type_is_refused() =>
        Assert.Throws<NotSupportedException>(() => ElementNarrowing.FromSingle(SafetensorsDType.I32, [1], new byte[4]));

    /// <summary>Every half, what lies around it and half way to the next one, and random bits.</summary>
    private static IEnumerable<float> Numbers()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float number = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float middle = (float)((number + (double)(float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1))) / 2);
            foreach (float value in new[] { number, middle })
            {
                yield return MathF.BitDecrement(value);
                yield return value;
                yield return MathF.BitIncrement(value);
            }
        }

        byte[] random = new byte[1 << 20];
        new Random(1).NextBytes(random);
        foreach (float number in MemoryMarshal.Cast<byte, float>(random).ToArray())
            yield return number;
        yield return float.MaxValue;
        yield return float.PositiveInfinity;
        yield return 1;
    }
}
