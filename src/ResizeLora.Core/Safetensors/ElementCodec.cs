using System.Buffers.Binary;

namespace ResizeLora.Safetensors;

/// <summary>Single elements between their stored bytes and numbers. Bulk conversion is the numeric engine's work.</summary>
internal static class ElementCodec
{
    /// <summary>Reads the first element of <paramref name="bytes"/>; exact for every convertible type, integers and exponents.</summary>
    public static double Read(SafetensorsDType dtype, ReadOnlySpan<byte> bytes) => dtype switch
    {
        SafetensorsDType.F64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        SafetensorsDType.F32 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        SafetensorsDType.F16 => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        SafetensorsDType.BF16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16),
        SafetensorsDType.F8_E4M3 => ReadFloat8(bytes[0], mantissaBits: 3, bias: 7),
        SafetensorsDType.F8_E5M2 => ReadFloat8(bytes[0], mantissaBits: 2, bias: 15),
        SafetensorsDType.F8_E8M0 => bytes[0] == byte.MaxValue ? double.NaN : Math.ScaleB(1, bytes[0] - 127),
        SafetensorsDType.U8 => bytes[0],
        SafetensorsDType.I8 => (sbyte)bytes[0],
        SafetensorsDType.I64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        SafetensorsDType.I32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        _ => throw new NotSupportedException($"{dtype} is not convertible."),
    };

    /// <summary>Writes one number, rounded to nearest even.</summary>
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
            case SafetensorsDType.F16:
                BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value);
                break;
            case SafetensorsDType.BF16:
                uint bits = RoundToOdd(value);
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
                break;
            default:
                throw new NotSupportedException($"{dtype} is no output type.");
        }
    }

    /// <summary>The number nearest to <paramref name="value"/> that <paramref name="dtype"/> can hold.</summary>
    public static double Round(SafetensorsDType dtype, double value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        Write(dtype, value, bytes);
        return Read(dtype, bytes);
    }

    /// <summary>
    /// The bits of a single that was rounded towards zero, its last bit set if anything was lost: rounding that once
    /// more to nearest gives what rounding the double would (Boldo and Melquiond 2008).
    /// </summary>
    private static uint RoundToOdd(double value)
    {
        float nearest = (float)value;
        uint bits = BitConverter.SingleToUInt32Bits(nearest);
        if (Math.Abs((double)nearest) > Math.Abs(value))
            bits--;
        return nearest == value ? bits : bits | 1;
    }

    /// <summary>8-bit floats after arXiv:2209.05433: E4M3 has no infinity and one NaN, E5M2 is a short IEEE float.</summary>
    private static double ReadFloat8(byte bits, int mantissaBits, int bias)
    {
        int mantissa = bits & ((1 << mantissaBits) - 1);
        int exponent = (bits & 0x7F) >> mantissaBits;
        int greatest = (1 << (7 - mantissaBits)) - 1;
        double magnitude;
        if (exponent == greatest && mantissaBits == 2)
            magnitude = mantissa == 0 ? double.PositiveInfinity : double.NaN;
        else if (exponent == greatest && mantissa == 7)
            magnitude = double.NaN;
        else if (exponent == 0)
            magnitude = Math.ScaleB(mantissa, 1 - bias - mantissaBits);
        else
            magnitude = Math.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);

        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }
}
