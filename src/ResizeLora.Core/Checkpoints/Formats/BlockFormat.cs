using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>
/// A type of tensor in a GGUF file: blocks of numbers, each with its own scales. A plain type has blocks of one number.
/// </summary>
/// <remarks>
/// After the definitions in ggml-common.h and ggml-quants.c of https://github.com/ggml-org/llama.cpp: d is the scale of a
/// block, m its offset; the low half of a byte comes before the high one.
/// </remarks>
/// <param name="Id">Its number in the format.</param>
/// <param name="Name">Its common name.</param>
/// <param name="Elements">Numbers of a block.</param>
/// <param name="Bytes">Bytes of a block.</param>
/// <param name="Decode">Makes the numbers of a block; null where that is not known here.</param>
/// <param name="Plain">The type of safetensors files that is the same; null for others.</param>
internal sealed record BlockFormat(uint Id, string Name, int Elements, int Bytes, BlockFormat.Decoder? Decode, SafetensorsDType? Plain = null)
{
    private const int Small = 32;
    private const int Large = 256;

    private static readonly Dictionary<uint, BlockFormat> ById = new BlockFormat[]
    {
        new(0, "F32", 1, 4, null, SafetensorsDType.F32),
        new(1, "F16", 1, 2, null, SafetensorsDType.F16),
        new(30, "BF16", 1, 2, null, SafetensorsDType.BF16),
        new(28, "F64", 1, 8, null, SafetensorsDType.F64),
        new(24, "I8", 1, 1, null, SafetensorsDType.I8),
        new(25, "I16", 1, 2, null, SafetensorsDType.I16),
        new(26, "I32", 1, 4, null, SafetensorsDType.I32),
        new(27, "I64", 1, 8, null, SafetensorsDType.I64),
        new(2, "Q4_0", Small, 18, (block, numbers) => Nibbles(block[2..], numbers, Half(block, 0), -8 * Half(block, 0))),
        new(3, "Q4_1", Small, 20, (block, numbers) => Nibbles(block[4..], numbers, Half(block, 0), Half(block, 2))),
        new(6, "Q5_0", Small, 22, (block, numbers) => Fives(block[6..], UInt32(block, 2), numbers, Half(block, 0), -16 * Half(block, 0))),
        new(7, "Q5_1", Small, 24, (block, numbers) => Fives(block[8..], UInt32(block, 4), numbers, Half(block, 0), Half(block, 2))),
        new(8, "Q8_0", Small, 34, (block, numbers) => Bytewise(block[2..], numbers, Half(block, 0))),
        new(20, "IQ4_NL", Small, 18, (block, numbers) => Looked(block[2..], numbers, Half(block, 0), Curve)),
        new(39, "MXFP4", Small, 17, (block, numbers) => Looked(block[1..], numbers, MathF.ScaleB(1, block[0] - 128), Doubled)),
        new(10, "Q2_K", Large, 84, Q2K),
        new(11, "Q3_K", Large, 110, Q3K),
        new(12, "Q4_K", Large, 144, (block, numbers) => Q45K(block, [], block[16..], numbers)),
        new(13, "Q5_K", Large, 176, (block, numbers) => Q45K(block, block[16..48], block[48..], numbers)),
        new(14, "Q6_K", Large, 210, Q6K),
        new(23, "IQ4_XS", Large, 136, IQ4XS),
        new(9, "Q8_1", Small, 36, null),
        new(15, "Q8_K", Large, 292, null),
        new(16, "IQ2_XXS", Large, 66, null),
        new(17, "IQ2_XS", Large, 74, null),
        new(18, "IQ3_XXS", Large, 98, null),
        new(19, "IQ1_S", Large, 50, null),
        new(21, "IQ3_S", Large, 110, null),
        new(22, "IQ2_S", Large, 82, null),
        new(29, "IQ1_M", Large, 56, null),
        new(34, "TQ1_0", Large, 54, null),
        new(35, "TQ2_0", Large, 66, null),
        Named(4, "Q4_2"),
        Named(5, "Q4_3"),
        Named(31, "Q4_0_4_4"),
        Named(32, "Q4_0_4_8"),
        Named(33, "Q4_0_8_8"),
        Named(36, "IQ4_NL_4_4"),
        Named(37, "IQ4_NL_4_8"),
        Named(38, "IQ4_NL_8_8"),
        Named(40, "NVFP4"),
        Named(41, "Q1_0"),
    }.ToDictionary(format => format.Id);

    /// <summary>Makes the numbers of a block.</summary>
    public delegate void Decoder(ReadOnlySpan<byte> block, Span<float> numbers);

    /// <summary>The 16 values of IQ4_NL and IQ4_XS, dense where weights are.</summary>
    private static ReadOnlySpan<sbyte> Curve => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>The 16 values of a 4-bit float with two bits of exponent, times two.</summary>
    private static ReadOnlySpan<sbyte> Doubled => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>Whether the size of a block is known; if not, a tensor ends where the next one begins.</summary>
    public bool HasSize => Elements > 0;

    /// <summary>The format of a number, be it known or not.</summary>
    public static BlockFormat Of(uint id) => ById.GetValueOrDefault(id) ?? Named(id, $"the unknown type {id}");

    /// <summary>Decodes whole blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void DecodeAll(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; !numbers.IsEmpty; blocks = blocks[Bytes..], numbers = numbers[Elements..])
            Decode!(blocks[..Bytes], numbers[..Elements]);
    }

    /// <summary>A format that is known only by name, or that has changed.</summary>
    private static BlockFormat Named(uint id, string name) => new(id, name, 0, 0, null);

    private static float Half(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    private static uint UInt32(ReadOnlySpan<byte> block, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(block[offset..]);

    private static void Nibbles(ReadOnlySpan<byte> codes, Span<float> numbers, float d, float m)
    {
        for (int i = 0; i < Small / 2; i++)
        {
            numbers[i] = d * (codes[i] & 0xF) + m;
            numbers[i + Small / 2] = d * (codes[i] >> 4) + m;
        }
    }

    /// <summary>Five bits: four of them as above, the fifth of each number in a word.</summary>
    private static void Fives(ReadOnlySpan<byte> codes, uint fifth, Span<float> numbers, float d, float m)
    {
        for (int i = 0; i < Small; i++)
        {
            uint four = (uint)codes[i % 16] >> i / 16 * 4 & 0xF;
            numbers[i] = d * (four | (fifth >> i & 1) << 4) + m;
        }
    }

    private static void Bytewise(ReadOnlySpan<byte> codes, Span<float> numbers, float d)
    {
        for (int i = 0; i < Small; i++)
            numbers[i] = d * (sbyte)codes[i];
    }

    private static void Looked(ReadOnlySpan<byte> codes, Span<float> numbers, float d, ReadOnlySpan<sbyte> values)
    {
        for (int i = 0; i < Small / 2; i++)
        {
            numbers[i] = d * values[codes[i] & 0xF];
            numbers[i + Small / 2] = d * values[codes[i] >> 4];
        }
    }

    /// <summary>Groups of 16 with a scale and an offset of 4 bits; 128 numbers share the bytes of 32, two bits each.</summary>
    private static void Q2K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        (float d, float m) = (Half(block, 80), Half(block, 82));
        for (int i = 0; i < Large; i++)
        {
            byte scale = block[i / 16];
            int code = block[16 + i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3;
            numbers[i] = d * (scale & 0xF) * code - m * (scale >> 4);
        }
    }

    /// <summary>Groups of 16 with a signed scale of 6 bits; codes of 2 bits as above, and a third that is -4 where it is not set.</summary>
    private static void Q3K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        float d = Half(block, 108);
        for (int group = 0; group < Large / 16; group++)
        {
            int low = block[96 + group % 8] >> group / 8 * 4 & 0xF;
            int high = block[104 + group % 4] >> group / 4 * 2 & 3;
            float scale = d * ((low | high << 4) - 32);
            for (int i = group * 16; i < group * 16 + 16; i++)
            {
                int code = block[32 + i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3;
                int third = block[i % 32] >> i / 32 & 1;
                numbers[i] = scale * (code - 4 * (1 - third));
            }
        }
    }

    /// <summary>Groups of 32 with a scale and an offset of 6 bits; 64 numbers share the bytes of 32. Q5_K has a fifth bit of each in other bytes.</summary>
    private static void Q45K(ReadOnlySpan<byte> block, ReadOnlySpan<byte> fifth, ReadOnlySpan<byte> codes, Span<float> numbers)
    {
        (float d, float m) = (Half(block, 0), Half(block, 2));
        ReadOnlySpan<byte> packed = block[4..16];
        for (int group = 0; group < Large / 32; group++)
        {
            int j = group % 4;
            bool isLow = group < 4;
            float scale = d * (isLow ? packed[j] & 63 : packed[j + 8] & 0xF | packed[j] >> 6 << 4);
            float offset = m * (isLow ? packed[j + 4] & 63 : packed[j + 8] >> 4 | packed[j + 4] >> 6 << 4);
            for (int i = 0; i < 32; i++)
            {
                int code = codes[group / 2 * 32 + i] >> group % 2 * 4 & 0xF;
                if (!fifth.IsEmpty)
                    code |= (fifth[i] >> group & 1) << 4;
                numbers[group * 32 + i] = scale * code - offset;
            }
        }
    }

    /// <summary>Groups of 16 with a signed scale of 8 bits; codes of 4 bits and, elsewhere, 2 more.</summary>
    private static void Q6K(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        float d = Half(block, 208);
        ReadOnlySpan<sbyte> scales = MemoryMarshal.Cast<byte, sbyte>(block[192..208]);
        for (int i = 0; i < Large; i++)
        {
            (int half, int quarter, int place) = (i / 128, i / 32 % 4, i % 32);
            int low = block[half * 64 + quarter % 2 * 32 + place] >> quarter / 2 * 4 & 0xF;
            int high = block[128 + half * 32 + place] >> quarter * 2 & 3;
            numbers[i] = d * scales[i / 16] * ((low | high << 4) - 32);
        }
    }

    /// <summary>Groups of 32 with a signed scale of 6 bits; codes look up a value.</summary>
    private static void IQ4XS(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        float d = Half(block, 0);
        int high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (int group = 0; group < Large / Small; group++)
        {
            int scale = (block[4 + group / 2] >> group % 2 * 4 & 0xF | (high >> 2 * group & 3) << 4) - 32;
            Looked(block[(8 + group * 16)..], numbers.Slice(group * Small, Small), d * scale, Curve);
        }
    }
}
