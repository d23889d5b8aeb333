using System.Buffers.Binary;

namespace ResizeLora.Testing;

/// <summary>
/// The numbers of the blocks of GGUF, in double precision, field by field and in the order of the loops of ggml's own
/// dequantize_row functions: slow, and not the product's way of counting.
/// </summary>
internal static class ReferenceBlocks
{
    private static readonly int[] Curve = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
    private static readonly double[] Float4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];

    /// <summary>The types, with the numbers and the bytes of a block.</summary>
    public static IReadOnlyList<(uint Id, string Name, int Elements, int Bytes, Func<byte[], double[]> Decode)> All { get; } =
    [
        (2, "Q4_0", 32, 18, block => Halves(block, 2, (low, _) => Half(block, 0) * (low - 8))),
        (3, "Q4_1", 32, 20, block => Halves(block, 4, (low, _) => Half(block, 0) * low + Half(block, 2))),
        (6, "Q5_0", 32, 22, block => Halves(block, 6, (low, i) => Half(block, 0) * (low + 16 * Bit(block, 2, i) - 16))),
        (7, "Q5_1", 32, 24, block => Halves(block, 8, (low, i) => Half(block, 0) * (low + 16 * Bit(block, 4, i)) + Half(block, 2))),
        (8, "Q8_0", 32, 34, block => [.. Enumerable.Range(0, 32).Select(i => Half(block, 0) * Signed(block[2 + i]))]),
        (20, "IQ4_NL", 32, 18, block => Halves(block, 2, (low, _) => Half(block, 0) * Curve[low])),
        (39, "MXFP4", 32, 17, block => Halves(block, 1, (low, _) => Math.Pow(2, block[0] - 127) * Float4[low])),
        (10, "Q2_K", 256, 84, Q2K),
        (11, "Q3_K", 256, 110, Q3K),
        (12, "Q4_K", 256, 144, Q4K),
        (13, "Q5_K", 256, 176, Q5K),
        (14, "Q6_K", 256, 210, Q6K),
        (23, "IQ4_XS", 256, 136, IQ4XS),
    ];

    /// <summary>Blocks of any codes, whose scales are ordinary numbers.</summary>
    public static byte[] Random(uint id, int blocks, Random random)
    {
        (_, string name, _, int bytes, _) = All.Single(format => format.Id == id);
        byte[] all = new byte[blocks * bytes];
        random.NextBytes(all);
        int[] halves = name switch
        {
            "Q4_0" or "Q5_0" or "Q8_0" or "IQ4_NL" or "IQ4_XS" => [0],
            "Q4_1" or "Q5_1" or "Q4_K" or "Q5_K" => [0, 2],
            "Q2_K" => [80, 82],
            "Q3_K" => [108],
            "Q6_K" => [208],
            _ => [],
        };
        for (int block = 0; block < blocks; block++)
        {
            foreach (int half in halves)
                BinaryPrimitives.WriteHalfLittleEndian(all.AsSpan(block * bytes + half), (Half)(0.02 * (random.NextDouble() - 0.5)));
            if (name == "MXFP4")
                all[block * bytes] = (byte)random.Next(110, 130);
        }

        return all;
    }

    /// <summary>The numbers of a row of blocks.</summary>
    public static double[] DecodeAll(uint id, byte[] blocks)
    {
        (_, _, _, int bytes, Func<byte[], double[]> decode) = All.Single(format => format.Id == id);
        return [.. blocks.Chunk(bytes).SelectMany(decode)];
    }

    private static double Half(byte[] block, int offset) => (double)BinaryPrimitives.ReadHalfLittleEndian(block.AsSpan(offset));

    private static int Signed(byte value) => value < 128 ? value : value - 256;

    private static int Bit(byte[] block, int offset, int i) => block[offset + i / 8] >> i % 8 & 1;

    /// <summary>16 bytes: first their low halves, then their high ones.</summary>
    private static double[] Halves(byte[] block, int offset, Func<int, int, double> number) =>
    [
        .. Enumerable.Range(0, 16).Select(i => number(block[offset + i] % 16, i)),
        .. Enumerable.Range(0, 16).Select(i => number(block[offset + i] / 16, i + 16)),
    ];

    private static double[] Q2K(byte[] block)
    {
        var numbers = new List<double>();
        int group = 0;
        for (int half = 0; half < 2; half++)
        {
            for (int shift = 0; shift < 8; shift += 2)
            {
                for (int part = 0; part < 32; part += 16)
                {
                    int scale = block[group++];
                    for (int l = 0; l < 16; l++)
                        numbers.Add(Half(block, 80) * (scale & 15) * (block[16 + half * 32 + part + l] >> shift & 3) - Half(block, 82) * (scale >> 4));
                }
            }
        }

        return [.. numbers];
    }

    private static double[] Q3K(byte[] block)
    {
        // As in C: three words of packed scales become four.
        uint[] words = [.. Enumerable.Range(0, 3).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(96 + 4 * i)))];
        uint[] unpacked =
        [
            words[0] & 0x0F0F0F0F | (words[2] & 0x03030303) << 4,
            words[1] & 0x0F0F0F0F | (words[2] >> 2 & 0x03030303) << 4,
            words[0] >> 4 & 0x0F0F0F0F | (words[2] >> 4 & 0x03030303) << 4,
            words[1] >> 4 & 0x0F0F0F0F | (words[2] >> 6 & 0x03030303) << 4,
        ];
        byte[] scales = [.. unpacked.SelectMany(BitConverter.GetBytes)];
        var numbers = new List<double>();
        int group = 0;
        int mask = 1;
        for (int half = 0; half < 2; half++)
        {
            for (int shift = 0; shift < 8; shift += 2, mask <<= 1)
            {
                for (int part = 0; part < 32; part += 16)
                {
                    double scale = Half(block, 108) * (scales[group++] - 32);
                    for (int l = part; l < part + 16; l++)
                        numbers.Add(scale * ((block[32 + half * 32 + l] >> shift & 3) - ((block[l] & mask) != 0 ? 0 : 4)));
                }
            }
        }

        return [.. numbers];
    }

    private static (int Scale, int Offset) ScaleAndOffset(byte[] block, int j)
    {
        byte At(int i) => block[4 + i];
        return j < 4
            ? (At(j) & 63, At(j + 4) & 63)
            : (At(j + 4) & 15 | At(j - 4) >> 6 << 4, At(j + 4) >> 4 | At(j) >> 6 << 4);
    }

    private static double[] Q4K(byte[] block)
    {
        var numbers = new List<double>();
        for (int j = 0; j < 8; j++)
        {
            (int scale, int offset) = ScaleAndOffset(block, j);
            for (int l = 0; l < 32; l++)
            {
                int pair = block[16 + j / 2 * 32 + l];
                numbers.Add(Half(block, 0) * scale * (j % 2 == 0 ? pair % 16 : pair / 16) - Half(block, 2) * offset);
            }
        }

        return [.. numbers];
    }

    private static double[] Q5K(byte[] block)
    {
        var numbers = new List<double>();
        for (int j = 0; j < 8; j++)
        {
            (int scale, int offset) = ScaleAndOffset(block, j);
            for (int l = 0; l < 32; l++)
            {
                int pair = block[48 + j / 2 * 32 + l];
                int fifth = (block[16 + l] & 1 << j) != 0 ? 16 : 0;
                numbers.Add(Half(block, 0) * scale * ((j % 2 == 0 ? pair % 16 : pair / 16) + fifth) - Half(block, 2) * offset);
            }
        }

        return [.. numbers];
    }

    private static double[] Q6K(byte[] block)
    {
        double[] numbers = new double[256];
        for (int half = 0; half < 2; half++)
        {
            for (int l = 0; l < 32; l++)
            {
                byte Low(int i) => block[half * 64 + i];
                int high = block[128 + half * 32 + l];
                int[] codes =
                [
                    (Low(l) & 15 | (high & 3) << 4) - 32,
                    (Low(l + 32) & 15 | (high >> 2 & 3) << 4) - 32,
                    (Low(l) >> 4 | (high >> 4 & 3) << 4) - 32,
                    (Low(l + 32) >> 4 | (high >> 6 & 3) << 4) - 32,
                ];
                for (int quarter = 0; quarter < 4; quarter++)
                    numbers[half * 128 + quarter * 32 + l] = Half(block, 208) * Signed(block[192 + half * 8 + quarter * 2 + l / 16]) * codes[quarter];
            }
        }

        return numbers;
    }

    private static double[] IQ4XS(byte[] block)
    {
        var numbers = new List<double>();
        for (int j = 0; j < 8; j++)
        {
            int low = block[4 + j / 2] >> 4 * (j % 2) & 15;
            int high = BinaryPrimitives.ReadUInt16LittleEndian(block.AsSpan(2)) >> 2 * j & 3;
            numbers.AddRange(Halves(block, 8 + 16 * j, (code, _) => Half(block, 0) * (low + 16 * high - 32) * Curve[code]));
        }

        return [.. numbers];
    }
}
