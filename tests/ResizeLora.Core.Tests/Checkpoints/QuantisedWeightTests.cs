using System.Text;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Checkpoints;

/// <summary>Weights that are quantised with tensors beside them: each format by its definition, one number at a time.</summary>
public sealed class QuantisedWeightTests : IDisposable
{
    private const string Query = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
    private const int Rows = 160;
    private const int Columns = 512;

    private static readonly double[] Float4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];

    private readonly TemporaryFolder _folder = new();
    private readonly SampleFile _file = new();
    private readonly Random _random = new(1);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("nf4", 64, false)]
    [InlineData("nf4", 64, true)]
    [InlineData("fp4", 128, false)]
    [InlineData("nf4", 100, true)]
    public void BitsAndBytes_of_4_bits(string type, int blocksize, bool isNested)
    {
        const int elements = Rows * Columns;
        byte[] codes = Bytes(elements / 2);
        double[] values = [.. Enumerable.Range(0, 16).Select(i => Single(i / 7.5 - 1))];
        int blocks = (elements + blocksize - 1) / blocksize;
        double[] absmax = [.. Enumerable.Range(0, blocks).Select(_ => Single(_random.NextDouble()))];
        _file.AddRaw($"{Query}.weight", SafetensorsDType.U8, [elements / 2, 1], codes);
        Add($"{Query}.weight.quant_map", values);
        string note = $"{{\"quant_type\": \"{type}\", \"blocksize\": {blocksize}, \"dtype\": \"bfloat16\", \"shape\": [{Rows}, {Columns}]";
        if (isNested)
        {
            // The scales are quantised too: codes of a table, in blocks of 256, around their mean.
            byte[] scaleCodes = Bytes(blocks);
            double[] table = [.. Enumerable.Range(0, 256).Select(i => Single(i / 127.5 - 1))];
            double[] outer = [.. Enumerable.Range(0, (blocks + 255) / 256).Select(_ => Single(_random.NextDouble()))];
            _file.AddRaw($"{Query}.weight.absmax", SafetensorsDType.U8, [blocks], scaleCodes);
            Add($"{Query}.weight.nested_absmax", outer);
            Add($"{Query}.weight.nested_quant_map", table);
            note += ", \"nested_blocksize\": 256, \"nested_dtype\": \"float32\", \"nested_offset\": 0.25";
            absmax = [.. scaleCodes.Select((code, i) => table[code] * outer[i / 256] + 0.25)];
        }
        else
        {
            Add($"{Query}.weight.absmax", absmax);
        }

        AddText($"{Query}.weight.quant_state.bitsandbytes__{type}", note + "}");

        // The first of two numbers is in the high half of a byte; blocks go on over the ends of rows.
        AssertReads((row, column) =>
        {
            int i = row * Columns + column;
            return values[i % 2 == 0 ? codes[i / 2] >> 4 : codes[i / 2] & 15] * absmax[i / blocksize];
        });
    }

    [Fact]
    public void BitsAndBytes_of_8_bits()
    {
        byte[] codes = AddIntegers();
        double[] greatest = Add($"{Query}.SCB", Rows);
        AddText($"{Query}.weight_format", "\u0000");
        AssertReads((row, column) => Signed(codes[row * Columns + column]) * greatest[row] / 127);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Nvfp4_of_ComfyUI(bool isNoted, bool asBytes)
    {
        byte[] codes = Bytes(Rows * Columns / 2);
        byte[] scales = Float8s(256 * 32);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.U8, [Rows, Columns / 2], codes);
        _file.AddRaw($"{Query}.weight_scale", asBytes ? SafetensorsDType.U8 : SafetensorsDType.F8_E4M3, [256, 32], scales);
        double whole = Add($"{Query}.weight_scale_2", 1, isScalar: true)[0];
        if (isNoted)
            AddText($"{Query}.comfy_quant", """{"format": "nvfp4"}""");
        else
            _file.AddMetadata("_quantization_metadata", $$$$"""{"format_version": "1.0", "layers": {"{{{{Query[12..]}}}}": {"format": "nvfp4"}}}""");

        AssertReads((row, column) =>
        {
            byte pair = codes[row * Columns / 2 + column / 2];
            return Float4[column % 2 == 0 ? pair >> 4 : pair & 15] * Float8(scales[Tiled(row, column / 16, 32)]) * whole;
        });
    }

    [Fact]
    public void Nvfp4_of_ModelOpt_which_has_scales_in_rows_and_numbers_the_other_way_round()
    {
        byte[] codes = Bytes(Rows * Columns / 2);
        byte[] scales = Float8s(Rows * Columns / 16);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.U8, [Rows, Columns / 2], codes);
        _file.AddRaw($"{Query}.weight_scale", SafetensorsDType.F8_E4M3, [Rows, Columns / 16], scales);
        double whole = Add($"{Query}.weight_scale_2", 1, isScalar: true)[0];
        double[] smooth = Add($"{Query}.pre_quant_scale", Columns);
        AssertReads((row, column) =>
        {
            byte pair = codes[row * Columns / 2 + column / 2];
            return Float4[column % 2 == 0 ? pair & 15 : pair >> 4] * Float8(scales[row * Columns / 16 + column / 16]) * whole * smooth[column];
        });
    }

    [Theory]
    [InlineData(true, "U8")]
    [InlineData(false, "F8_E8M0")]
    public void Mxfp8(bool isNoted, string scaleType)
    {
        byte[] codes = Float8s(Rows * Columns);
        byte[] scales = [.. Bytes(256 * 16).Select(bits => (byte)(120 + bits % 10))];
        _file.AddRaw($"{Query}.weight", SafetensorsDType.F8_E4M3, [Rows, Columns], codes);
        _file.AddRaw($"{Query}.weight_scale", Enum.Parse<SafetensorsDType>(scaleType), [256, 16], scales);
        if (isNoted)
            AddText($"{Query}.comfy_quant", """{"format": "mxfp8"}""");
        AssertReads((row, column) => Float8(codes[row * Columns + column]) * Math.Pow(2, scales[Tiled(row, column / 32, 16)] - 127));
    }

    [Theory]
    [InlineData(new long[] { })]
    [InlineData(new long[] { Rows })]
    [InlineData(new long[] { Rows, 1 })]
    public void Integers_of_8_bits_with_one_scale_or_one_for_each_row(long[] shape)
    {
        byte[] codes = AddIntegers();
        double[] scales = Add($"{Query}.weight_scale", shape.Length == 0 ? 1 : Rows, shape);
        AssertReads((row, column) => Signed(codes[row * Columns + column]) * scales[shape.Length == 0 ? 0 : row]);
    }

    [Theory]
    [InlineData("""{"format": "int8_tensorwise", "convrot": true}""", 256)]
    [InlineData("""{"format": "int8_tensorwise", "params": {"convrot": true, "convrot_groupsize": 64}}""", 64)]
    public void Integers_of_rows_that_were_rotated(string note, int size)
    {
        byte[] codes = AddIntegers();
        double[] scales = Add($"{Query}.weight_scale", Rows, Rows, 1);
        AddText($"{Query}.comfy_quant", note);
        AssertReads(Rotated((row, column) => Signed(codes[row * Columns + column]) * scales[row], size));
    }

    [Fact]
    public void Integers_of_4_bits_of_rows_that_were_rotated()
    {
        byte[] codes = Bytes(Rows * Columns / 2);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.I8, [Rows, Columns / 2], codes);
        double[] scales = Add($"{Query}.weight_scale", Rows);
        AddText($"{Query}.comfy_quant", """{"format": "convrot_w4a4", "convrot_groupsize": 16}""");
        AssertReads(Rotated(
            (row, column) =>
            {
                int code = codes[row * Columns / 2 + column / 2] >> column % 2 * 4 & 15;
                return (code < 8 ? code : code - 16) * scales[row];
            },
            16));
    }

    [Fact]
    public void Floats_of_8_bits_that_are_called_bytes()
    {
        byte[] codes = Float8s(Rows * Columns);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.U8, [Rows, Columns], codes);
        double scale = Add($"{Query}.weight_scale", 1, isScalar: true)[0];
        AddText($"{Query}.comfy_quant", """{"format": "float8_e4m3fn", "full_precision_matrix_mult": true}""");
        AssertReads((row, column) => Float8(codes[row * Columns + column]) * scale);
    }

    [Fact]
    public void Floats_of_8_bits_with_a_scale_for_each_square()
    {
        byte[] codes = Float8s(Rows * Columns);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.F8_E4M3, [Rows, Columns], codes);
        double[] scales = Add($"{Query}.weight_scale_inv", 2 * 4, 2, 4);
        AssertReads((row, column) => Float8(codes[row * Columns + column]) * scales[row / 128 * 4 + column / 128]);
    }

    [Theory]
    [InlineData("qscale_weight", new long[] { })]
    [InlineData("qscale_weight", new long[] { Rows })]
    [InlineData("weight_scale_inv", new long[] { })]
    [InlineData("weight_scale_inv", new long[] { 1 })]
    public void Floats_of_8_bits_as_Mistral_has_them(string name, long[] shape)
    {
        byte[] codes = Float8s(Rows * Columns);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.F8_E4M3, [Rows, Columns], codes);
        bool isOne = shape is not [Rows];
        double[] scales = Add($"{Query}.{name}", isOne ? 1 : Rows, shape);
        Add($"{Query}.qscale_act", 1);
        AssertReads((row, column) => Float8(codes[row * Columns + column]) * scales[isOne ? 0 : row]);
    }

    [Theory]
    [InlineData("weight.scale", "F8_E4M3")]
    [InlineData("scale", "F8_E4M3")]
    [InlineData("scale", "F8_E5M2")]
    [InlineData("weight_scales", "F8_E4M3")]
    [InlineData("Scale", "F8_E4M3")]
    [InlineData("pre_quant_scale", "F8_E4M3")]
    [InlineData("weight_scale_inv", "F8_E5M2")]
    [InlineData("scale", "U8")]
    [InlineData("weight_scales", "I8")]
    public void A_scale_that_is_not_known_is_named(string name, string dtype)
    {
        _file.AddRaw($"{Query}.weight", Enum.Parse<SafetensorsDType>(dtype), [Rows, Columns], Float8s(Rows * Columns));
        Add($"{Query}.{name}", 1);
        AssertRefused("UnsupportedQuantization", Query, "in an unknown way", dtype, $"'{Query}.{name}'");
    }

    [Fact]
    public void A_second_scale_is_not_passed_over()
    {
        _file.AddRaw($"{Query}.weight", SafetensorsDType.F8_E4M3, [Rows, Columns], Float8s(Rows * Columns));
        Add($"{Query}.weight_scale", 1);
        Add($"{Query}.weight_scale_2", 1);
        AssertRefused("UnsupportedQuantization", Query, "weight_scale_2");
    }

    [Theory]
    [InlineData(Query + ".input_scale")]
    [InlineData(Query + ".scale_input")]
    [InlineData(Query + ".k_scale")]
    [InlineData(Query + ".qscale_act")]
    [InlineData(Query + ".norm.scale")]
    [InlineData(Query + "_scale")]
    [InlineData(Query + "_norm.scale")]
    [InlineData("down_blocks.0.attentions.0.transformer_blocks.0.attn1.scale")]
    [InlineData("down_blocks.0.scale_shift_table")]
    [InlineData(Query + ".bias")]
    public void Other_tensors_are_no_scales_of_a_weight(string other)
    {
        byte[] codes = Float8s(Rows * Columns);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.F8_E4M3, [Rows, Columns], codes);
        Add(other, 1);
        AssertReads((row, column) => Float8(codes[row * Columns + column]));
    }

    [Theory]
    [InlineData("{}", "without scales")]
    [InlineData("""{"format": "asym_w4a8_int8"}""", "asym_w4a8_int8")]
    [InlineData("""{"format": "no\u001b[31msuch"}""", "no?[31msuch")]
    public void Formats_that_are_not_known_are_named_when_a_layer_needs_them(string note, string name)
    {
        AddIntegers();
        AddText($"{Query}.comfy_quant", note);
        AssertRefused("UnsupportedQuantization", Query, "base.safetensors", name, "Q2_K to Q8_0");
    }

    [Theory]
    [InlineData("nvfp4", "its scale is missing", "U8")]
    [InlineData("mxfp8", "its scale is missing", "F8_E4M3")]
    [InlineData("int8_tensorwise", "its scale is missing", "I8")]
    public void Scales_that_are_missing_are_an_error(string format, string reason, string dtype)
    {
        _file.AddRaw($"{Query}.weight", Enum.Parse<SafetensorsDType>(dtype), [Rows, Columns], Bytes(Rows * Columns));
        _file.AddScalar($"{Query}.weight_scale_2", 1);
        AddText($"{Query}.comfy_quant", $"{{\"format\": \"{format}\"}}");
        AssertRefused("UnusableScale", Query, reason);
    }

    [Theory]
    [InlineData("not json", "does not say how")]
    [InlineData("[1]", "does not say how")]
    [InlineData("""{"shape": [160], "blocksize": 64}""", "do not fit")]
    [InlineData("""{"shape": [160, 512], "blocksize": 0}""", "does not")]
    [InlineData("""{"shape": [160, 512], "blocksize": 32}""", "its scale of shape")]
    [InlineData("""{"shape": [-160, -512], "blocksize": 64}""", "does not give its shape")]
    [InlineData("""{"shape": [4611686018427387904, 4611686018427387904], "blocksize": 64}""", "too large")]
    public void Notes_that_do_not_fit_are_an_error(string note, string reason)
    {
        const int elements = Rows * Columns;
        _file.AddRaw($"{Query}.weight", SafetensorsDType.U8, [elements / 2, 1], Bytes(elements / 2));
        Add($"{Query}.weight.quant_map", 16);
        Add($"{Query}.weight.absmax", elements / 64);
        AddText($"{Query}.weight.quant_state.bitsandbytes__nf4", note);
        AssertRefused("UnusableScale", Query, reason);
    }

    [Theory]
    [InlineData("transformer_blocks.0.attn.qkv_proj.qweight", "Nunchaku")]
    [InlineData("transformer_blocks.0.attn.to_q.weight._data", "Quanto")]
    [InlineData("transformer_blocks.0.attn.to_q.weight_packed", "compressed-tensors")]
    [InlineData("transformer_blocks.0.attn.to_q.W_q", "HQQ")]
    public void Files_that_can_not_be_read_at_all_are_refused_when_they_are_opened(string tensor, string name)
    {
        _file.AddRaw(tensor, SafetensorsDType.I8, [8, 8], Bytes(64)).Write(_folder["base.safetensors"]);
        Refusal.Of("UnsupportedQuantization", () => Open(), "base.safetensors", tensor, name);
    }

    /// <summary>Reads the layer whole and in part, and compares each number with its definition.</summary>
    private void AssertReads(Func<int, int, double> number)
    {
        _file.Write(_folder["base.safetensors"]);
        using BaseCheckpoint checkpoint = Open();
        BaseLayer layer = checkpoint.Index.Find("unet." + Query)!;
        Matrix expected = new Matrix(Rows, Columns).Map(number);
        Assert.True(expected.FrobeniusNorm > 0);

        AssertEqual(expected, checkpoint.Read(layer, PlainEngine.ToMatrix));
        var part = new BaseLayer([layer.Pieces[0].Slice(33, 7)], transposed: false);
        AssertEqual(new Matrix(7, Columns).Map((row, column) => expected[row + 33, column]), checkpoint.Read(part, PlainEngine.ToMatrix));
        Assert.Equal(0, layer.File);
    }

    private static void AssertEqual(Matrix expected, Matrix actual)
    {
        Assert.Equal((expected.Rows, expected.Columns), (actual.Rows, actual.Columns));
        Assert.InRange((actual - expected).FrobeniusNorm, 0, 1e-6 * expected.FrobeniusNorm);
    }

    private void AssertRefused(string errorId, params string[] inMessage)
    {
        _file.Write(_folder["base.safetensors"]);
        using BaseCheckpoint checkpoint = Open();
        AdapterLayer layer = Assert.Single(AdapterContents.Read(
            Pairing.HeaderBuilder.Of(($"unet.{Query}.lora_B.weight", [Rows, 1]), ($"unet.{Query}.lora_A.weight", [1, Columns])), "style.safetensors").Layers);
        Refusal.Of(errorId, () => new AdapterPairs([layer], "style.safetensors", checkpoint.Index).Of(layer), inMessage);
    }

    /// <summary>Rows times the matrix of Hadamard, a block of columns after the other, by its definition as a product of small ones.</summary>
    private static Func<int, int, double> Rotated(Func<int, int, double> number, int size)
    {
        double Entry(int i, int j)
        {
            double entry = 1;
            for (int rest = size; rest > 1; rest /= 4, i /= 4, j /= 4)
                entry *= (i % 4 + j % 4 == 3 ? -1 : 1) / 2.0;
            return entry;
        }

        return (row, column) => Enumerable.Range(0, size).Sum(i => number(row, column / size * size + i) * Entry(column % size, i));
    }

    /// <summary>Where cuBLAS has the scale of a row and a block of columns: tiles of 128 x 4, in which rows that are 32 apart lie together.</summary>
    private static int Tiled(int row, int block, int blocks) => (row / 128 * (blocks / 4) + block / 4) * 512 + row % 32 * 16 + row / 32 % 4 * 4 + block % 4;

    private static int Signed(byte value) => (sbyte)value;

    private static double Float8(byte bits) => SampleElement.Read(SafetensorsDType.F8_E4M3, [bits]);

    private static double Single(double value) => (float)value;

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>8-bit floats, none of which is NaN.</summary>
    private byte[] Float8s(int count) => [.. Bytes(count).Select(bits => (bits & 0x7F) == 0x7F ? (byte)0 : bits)];

    private byte[] AddIntegers()
    {
        byte[] codes = Bytes(Rows * Columns);
        _file.AddRaw($"{Query}.weight", SafetensorsDType.I8, [Rows, Columns], codes);
        return codes;
    }

    private double[] Add(string name, int count, params long[] shape)
    {
        double[] numbers = [.. Enumerable.Range(0, count).Select(_ => Single(0.01 + _random.NextDouble()))];
        Add(name, numbers, shape.Length == 0 && count == 1 ? [] : shape.Length == 0 ? [count] : shape);
        return numbers;
    }

    private double[] Add(string name, int count, bool isScalar) => Add(name, count, isScalar ? [] : [count]);

    private void Add(string name, double[] numbers, params long[] shape) => _file.Add(
        name,
        new Matrix(numbers.Length, 1).Map((row, _) => numbers[row]),
        SafetensorsDType.F32,
        shape.Length == 0 ? [numbers.Length] : shape);

    private void AddText(string name, string text) => _file.AddRaw(name, SafetensorsDType.U8, [Encoding.UTF8.GetByteCount(text)], Encoding.UTF8.GetBytes(text));

    private BaseCheckpoint Open() => BaseCheckpoint.Open(_folder["base.safetensors"], cacheFolder: null, new JobRecorder(), CancellationToken.None);
}
