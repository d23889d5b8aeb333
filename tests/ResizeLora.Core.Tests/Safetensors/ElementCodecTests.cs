using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Safetensors;

public class ElementCodecTests
{
    [Fact]
    public void Every_finite_half_survives_reading_and_writing()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            double expected = Ieee(bits, exponentBits: 5, mantissaBits: 10);
            if (double.IsFinite(expected))
                AssertRoundTrip(SafetensorsDType.F16, (ushort)bits, expected);
        }
    }

    [Fact]
    public void Every_finite_bfloat_survives_reading_and_writing()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            double expected = Ieee(bits, exponentBits: 8, mantissaBits: 7);
            if (double.IsFinite(expected))
                AssertRoundTrip(SafetensorsDType.BF16, (ushort)bits, expected);
        }
    }

    [Fact]
    public void Every_e5m2_is_a_short_ieee_float()
    {
        for (int bits = 0; bits <= byte.MaxValue; bits++)
            AssertSame(Ieee(bits, exponentBits: 5, mantissaBits: 2), ElementCodec.Read(SafetensorsDType.F8_E5M2, [(byte)bits]));
    }

    [Fact]
    public void Every_e4m3_is_ieee_but_for_its_last_exponent()
    {
        for (int bits = 0; bits <= byte.MaxValue; bits++)
        {
            int magnitude = bits & 0x7F;
            double expected = magnitude == 0x7F ? double.NaN
                : magnitude >= 0x78 ? (bits > 0x7F ? -1 : 1) * (256 + 32 * (magnitude - 0x78))
                : Ieee(bits, exponentBits: 4, mantissaBits: 3);
            AssertSame(expected, ElementCodec.Read(SafetensorsDType.F8_E4M3, [(byte)bits]));
        }
    }

    [Theory]
    [InlineData(0x00, 0.0)]
    [InlineData(0x01, 0.001953125)]
    [InlineData(0x07, 0.013671875)]
    [InlineData(0x08, 0.015625)]
    [InlineData(0x38, 1.0)]
    [InlineData(0x7E, 448.0)]
    [InlineData(0xFE, -448.0)]
    [InlineData(0x81, -0.001953125)]
    public void Known_e4m3_values(byte bits, double expected) => AssertSame(expected, ElementCodec.Read(SafetensorsDType.F8_E4M3, [bits]));

    [Theory]
    [InlineData(0x01, 1.52587890625e-05)]
    [InlineData(0x04, 6.103515625e-05)]
    [InlineData(0x3C, 1.0)]
    [InlineData(0x7B, 57344.0)]
    [InlineData(0xFB, -57344.0)]
    [InlineData(0x7C, double.PositiveInfinity)]
    [InlineData(0x7F, double.NaN)]
    public void Known_e5m2_values(byte bits, double expected) => AssertSame(expected, ElementCodec.Read(SafetensorsDType.F8_E5M2, [bits]));

    [Fact]
    public void Wide_types_are_read_exactly()
    {
        Assert.Equal(0.1, ElementCodec.Read(SafetensorsDType.F64, BitConverter.GetBytes(0.1)));
        Assert.Equal(0.1f, ElementCodec.Read(SafetensorsDType.F32, BitConverter.GetBytes(0.1f)));
        Assert.Equal(-7, ElementCodec.Read(SafetensorsDType.I64, BitConverter.GetBytes(-7L)));
        Assert.Equal(-7, ElementCodec.Read(SafetensorsDType.I32, BitConverter.GetBytes(-7)));
    }

    [Theory]
    [InlineData(2049, 2048)]
    [InlineData(2051, 2052)]
    [InlineData(2049.0000001, 2050)]
    [InlineData(-2049, -2048)]
    [InlineData(65519.99, 65504)]
    [InlineData(65520, double.PositiveInfinity)]
    [InlineData(2.98023223876953125E-08, 0)]
    [InlineData(2.9802322387695316E-08, 5.9604644775390625E-08)]
    [InlineData(8.94069671630859375E-08, 1.1920928955078125E-07)]
    [InlineData(-0.0, -0.0)]
    public void Halves_are_rounded_to_nearest_even(double value, double expected) => AssertSame(expected, ElementCodec.Round(SafetensorsDType.F16, value));

    [Theory]
    [InlineData(257, 256)]
    [InlineData(259, 260)]
    [InlineData(257.001, 258)]
    [InlineData(258.999, 258)]
    [InlineData(-257, -256)]
    [InlineData(1e39, double.PositiveInfinity)]
    [InlineData(-0.0, -0.0)]
    [InlineData(double.NaN, double.NaN)]
    public void Bfloats_are_rounded_to_nearest_even(double value, double expected) => AssertSame(expected, ElementCodec.Round(SafetensorsDType.BF16, value));

    [Fact]
    public void Bfloats_are_rounded_once_and_not_by_way_of_single_precision()
    {
        // A little above the middle between 256 and 258; single precision can't tell it from the middle.
        Assert.Equal(258, ElementCodec.Round(SafetensorsDType.BF16, 257 + 1e-9));
        Assert.Equal(258, ElementCodec.Round(SafetensorsDType.BF16, 259 - 1e-9));
    }

    [Fact]
    public void Singles_are_rounded_to_nearest_even()
    {
        Assert.Equal(16777216, ElementCodec.Round(SafetensorsDType.F32, 16777217));
        Assert.Equal(16777220, ElementCodec.Round(SafetensorsDType.F32, 16777219));
    }

    [Fact]
    public void Other_types_are_not_output_types()
    {
        foreach (SafetensorsDType dtype in Enum.GetValues<SafetensorsDType>().Except([SafetensorsDType.F16, SafetensorsDType.BF16, SafetensorsDType.F32, SafetensorsDType.F64]))
            Assert.Throws<NotSupportedException>(() => ElementCodec.Write(dtype, 1, new byte[8]));
    }

    [Fact]
    public void Every_convertible_type_can_be_read()
    {
        foreach (SafetensorsDType dtype in Enum.GetValues<SafetensorsDType>().Where(dtype => dtype.IsConvertible()))
            Assert.Equal(0, ElementCodec.Read(dtype, new byte[8]));
    }

    private static void AssertRoundTrip(SafetensorsDType dtype, ushort bits, double expected)
    {
        byte[] bytes = [(byte)bits, (byte)(bits >> 8)];
        AssertSame(expected, ElementCodec.Read(dtype, bytes));
        byte[] written = new byte[2];
        ElementCodec.Write(dtype, expected, written);
        Assert.Equal(bytes, written);
    }

    /// <summary>Equal to the bit, so that -0 is not 0; all NaN are one.</summary>
    private static void AssertSame(double expected, double actual)
    {
        if (double.IsNaN(expected))
            Assert.True(double.IsNaN(actual), $"{actual} is not NaN.");
        else
            Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(actual));
    }

    /// <summary>The value of a small IEEE 754 number, by the standard's definition.</summary>
    private static double Ieee(int bits, int exponentBits, int mantissaBits)
    {
        int mantissa = bits & ((1 << mantissaBits) - 1);
        int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
        int bias = (1 << (exponentBits - 1)) - 1;
        double sign = (bits >> (mantissaBits + exponentBits)) == 0 ? 1.0 : -1.0;
        double fraction = mantissa / (double)(1 << mantissaBits);
        if (exponent == (1 << exponentBits) - 1)
            return mantissa == 0 ? sign * double.PositiveInfinity : double.NaN;

        return exponent == 0 ? sign * fraction * Math.Pow(2, 1 - bias) : sign * (1 + fraction) * Math.Pow(2, exponent - bias);
    }
}
