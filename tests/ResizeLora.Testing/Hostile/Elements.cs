using CsCheck;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing.Hostile;

/// <summary>What a tensor may be filled with.</summary>
internal enum Filling
{
    /// <summary>Gaussian noise of a sane magnitude.</summary>
    Noise,

    /// <summary>Noise around 1e-30.</summary>
    Tiny,

    /// <summary>Noise around 1e30, or as much of it as the type holds.</summary>
    Huge,

    /// <summary>Noise of which each row has another magnitude.</summary>
    Uneven,

    /// <summary>Near the largest number of half precision.</summary>
    HalfLimit,

    /// <summary>Below the smallest normal number of the type.</summary>
    Subnormal,

    /// <summary>The same number everywhere: rank 1.</summary>
    Constant,

    /// <summary>Nothing but zeros.</summary>
    Zero,

    /// <summary>Noise, and one NaN.</summary>
    NaN,

    /// <summary>Noise, and one infinity.</summary>
    Infinity,

    /// <summary>Whatever bytes.</summary>
    Bytes,
}

/// <summary>The bytes of tensors of any type.</summary>
internal static class Elements
{
    public static Gen<Filling> AnyFilling { get; } = Gen.Frequency(
        (40, Gen.Const(Filling.Noise)),
        (1, Gen.Const(Filling.Tiny)),
        (1, Gen.Const(Filling.Huge)),
        (2, Gen.Const(Filling.Uneven)),
        (1, Gen.Const(Filling.HalfLimit)),
        (1, Gen.Const(Filling.Subnormal)),
        (1, Gen.Const(Filling.Constant)),
        (2, Gen.Const(Filling.Zero)),
        (1, Gen.Const(Filling.NaN)),
        (1, Gen.Const(Filling.Infinity)),
        (1, Gen.Const(Filling.Bytes)));

    public static byte[] Fill(SafetensorsDType dtype, long count, Filling filling, int seed)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[count * dtype.Format().Bits / 8];
        if (filling == Filling.Bytes || dtype.Format().Bits < 8)
        {
            random.NextBytes(bytes);
            return bytes;
        }

        int size = dtype.Format().Size;
        long special = count == 0 ? 0 : random.NextInt64(count);
        for (int i = 0; i < count; i++)
            Write(dtype, Value(filling, i, i == special, random), bytes.AsSpan(i * size, size));
        return bytes;
    }

    /// <summary>Writes a number as any type can hold it, if need be as the nearest that it can.</summary>
    public static void Write(SafetensorsDType dtype, double value, Span<byte> bytes)
    {
        switch (dtype)
        {
            case SafetensorsDType.F32 or SafetensorsDType.F16 or SafetensorsDType.BF16:
                double limit = dtype == SafetensorsDType.F16 ? 65504 : 3e38;
                SampleElement.Write(dtype, double.IsFinite(value) ? Math.Clamp(value, -limit, limit) : value, bytes);
                break;
            case SafetensorsDType.F64 or SafetensorsDType.I64 or SafetensorsDType.I32:
                SampleElement.Write(dtype, value, bytes);
                break;
            default:
                // 1.0 in E4M3 is 0x38; nearby bytes are numbers nearby.
                bytes.Fill((byte)(0x38 + (int)Math.Clamp(value * 8, -40, 40)));
                break;
        }
    }

    private static double Value(Filling filling, int index, bool isSpecial, Random random)
    {
        double noise = 0.3 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return filling switch
        {
            Filling.Tiny => 1e-30 * noise,
            Filling.Huge => 1e30 * noise,
            Filling.Uneven => noise * Math.Pow(10, index % 9 - 6),
            Filling.HalfLimit => 65504 - 32 * (index % 3),
            Filling.Subnormal => index % 2 == 0 ? 1e-7 : 1e-40,
            Filling.Constant => 0.25,
            Filling.Zero => 0,
            Filling.NaN when isSpecial => double.NaN,
            Filling.Infinity when isSpecial => double.NegativeInfinity,
            _ => noise,
        };
    }
}
