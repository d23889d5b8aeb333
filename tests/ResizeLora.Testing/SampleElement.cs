using System.Buffers.Binary;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>Single numbers as files have them, by the definitions of their types: slow, simple, and independent of the product's elements.</summary>
internal static class SampleElement
{
    /// <summary>Reads the first number of some bytes.</summary>
    public static double Read(SafetensorsDType dtype, ReadOnlySpan<byte> bytes) => dtype switch
    {
        SafetensorsDType.F64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        SafetensorsDType.F32 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        SafetensorsDType.I64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        SafetensorsDType.I32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        SafetensorsDType.U8 => bytes[0],
        SafetensorsDType.I8 => (sbyte)bytes[0],
        SafetensorsDType.F8_E8M0 => bytes[0] == 255 ? double.NaN : Math.Pow(2, bytes[0] - 127),
        _ => Float.Of(dtype).Read(dtype is SafetensorsDType.F16 or SafetensorsDType.BF16 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : bytes[0]),
    };

    /// <summary>Writes a number, rounded to nearest even.</summary>
    public static void Write(SafetensorsDType dtype, double value, Span<byte> bytes)
    {
        switch (dtype)
        {
            case SafetensorsDType.F64:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                break;
            case SafetensorsDType.F32:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
                break;
            case SafetensorsDType.I64:
                BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)value);
                break;
            case SafetensorsDType.I32:
                BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)value);
                break;
            case SafetensorsDType.F16 or SafetensorsDType.BF16:
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)Float.Of(dtype).Write(value));
                break;
            default:
                bytes[0] = (byte)Float.Of(dtype).Write(value);
                break;
        }
    }

    /// <summary>The nearest number that a type can hold; of two, the even one.</summary>
    public static double Round(SafetensorsDType dtype, double value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        Write(dtype, value, bytes);
        return Read(dtype, bytes);
    }

    /// <summary>A float of few bits: a sign, an exponent with a bias, and the digits after the leading one.</summary>
    /// <param name="Bits">All bits.</param>
    /// <param name="Digits">Bits after the leading one.</param>
    /// <param name="Bias">What the exponent is stored too large by.</param>
    /// <param name="Greatest">The greatest number.</param>
    private sealed record Float(int Bits, int Digits, int Bias, double Greatest)
    {
        private static readonly Float Half = new(16, 10, 15, 65504);
        private static readonly Float BFloat = new(16, 7, 127, (2 - Math.Pow(2, -7)) * Math.Pow(2, 127));
        private static readonly Float E5M2 = new(8, 2, 15, 57344);
        private static readonly Float E4M3 = new(8, 3, 7, 448);

        public static Float Of(SafetensorsDType dtype) => dtype switch
        {
            SafetensorsDType.F16 => Half,
            SafetensorsDType.BF16 => BFloat,
            SafetensorsDType.F8_E5M2 => E5M2,
            SafetensorsDType.F8_E4M3 => E4M3,
            _ => throw new NotSupportedException($"{dtype} has no sample."),
        };

        public double Read(int code)
        {
            int digits = code & ((1 << Digits) - 1);
            int exponent = (code & ((1 << (Bits - 1)) - 1)) >> Digits;
            double sign = code >> (Bits - 1) == 0 ? 1 : -1;
            double fraction = digits / Math.Pow(2, Digits);
            double magnitude = exponent == 0 ? fraction * Math.Pow(2, 1 - Bias) : (1 + fraction) * Math.Pow(2, exponent - Bias);

            // Beyond the greatest number come infinity and NaN; E4M3 has no infinity.
            return magnitude <= Greatest ? sign * magnitude : digits == 0 ? sign * double.PositiveInfinity : double.NaN;
        }

        public int Write(double value)
        {
            int sign = double.IsNegative(value) ? 1 << (Bits - 1) : 0;
            int endless = (1 << (Bits - 1)) - (1 << Digits);
            if (double.IsNaN(value))
                return sign | endless | ((1 << Digits) - 1);

            // E5M2 is written as its greatest number rather than as infinity, which would spoil a whole sample.
            double magnitude = this == E5M2 ? Math.Min(Math.Abs(value), Greatest) : Math.Abs(value);
            int exponent = magnitude == 0 ? 1 - Bias : Math.Max(Math.ILogB(magnitude), 1 - Bias);
            double places = double.IsInfinity(magnitude) ? magnitude : Math.Round(magnitude / Math.Pow(2, exponent - Digits), MidpointRounding.ToEven);
            if (places * Math.Pow(2, exponent - Digits) > Greatest)
                return sign | endless | (this == E4M3 ? (1 << Digits) - 1 : 0);

            // Where rounding has led to the next power of two, the carry raises the exponent.
            return sign | (((exponent + Bias - 1) << Digits) + (int)places);
        }
    }
}
