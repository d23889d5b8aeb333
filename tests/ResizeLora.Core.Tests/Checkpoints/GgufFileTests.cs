using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints;
using ResizeLora.Checkpoints.Formats;
using ResizeLora.Core.Tests.Pairing;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Checkpoints;

/// <summary>Checkpoints in GGUF: names, shapes and numbers are those of the format's description.</summary>
public sealed class GgufFileTests : IDisposable
{
    private const string Query = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";

    private readonly TemporaryFolder _folder = new();
    private readonly JobRecorder _host = new();

    public static TheoryData<uint, string> Formats
    {
        get
        {
            var data = new TheoryData<uint, string>();
            foreach ((uint id, string name, _, _, _) in ReferenceBlocks.All)
                data.Add(id, name);
            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public void Blocks_are_the_numbers_that_their_definition_says(uint id, string name)
    {
        (_, _, int elements, int bytes, _) = ReferenceBlocks.All.Single(format => format.Id == id);
        BlockFormat format = BlockFormat.Of(id);
        Assert.Equal((name, elements, bytes), (format.Name, format.Elements, format.Bytes));
        byte[] blocks = ReferenceBlocks.Random(id, 200, new Random(1));
        float[] numbers = new float[200 * elements];

        format.DecodeAll(blocks, numbers);

        double[] expected = ReferenceBlocks.DecodeAll(id, blocks);
        double largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(numbers), pair => Assert.Equal(pair.First, pair.Second, largest * 1e-6));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_base_layer_is_the_rows_of_its_blocks(uint id, string name)
    {
        (_, _, int elements, int bytes, _) = ReferenceBlocks.All.Single(format => format.Id == id);
        byte[] blocks = ReferenceBlocks.Random(id, 12 * 512 / elements, new Random(2));
        new GgufSample().AddText("general.architecture", name).Add($"{Query}.weight", id, [12, 512], blocks).Write(_folder["base.gguf"]);
        double[] expected = ReferenceBlocks.DecodeAll(id, blocks);

        using BaseCheckpoint checkpoint = Open("base.gguf");

        Assert.Equal(12 * 512 / elements * bytes, checkpoint.Index.Find("unet." + Query)!.Pieces[0].Weight.Info.ByteCount);
        AssertEqual(new Matrix(12, 512).Map((row, column) => expected[row * 512 + column]), Read(checkpoint, "unet." + Query));
    }

    [Theory]
    [InlineData(GgufSample.F32, "F32")]
    [InlineData(GgufSample.F16, "F16")]
    [InlineData(30u, "BF16")]
    public void Plain_types_are_read_as_they_are(uint id, string dtype)
    {
        SafetensorsDType type = Enum.Parse<SafetensorsDType>(dtype);
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(6, 5, new Random(3)), type);
        new GgufSample().Add($"{Query}.weight", id, [6, 5], SampleFile.Encode(weight, type)).Write(_folder["base.gguf"]);

        using BaseCheckpoint checkpoint = Open("base.gguf");

        Assert.Equal(type, checkpoint.Index.Find("unet." + Query)!.Pieces[0].Weight.Plain);
        Assert.Equal(0, (Read(checkpoint, "unet." + Query) - weight).FrobeniusNorm);
    }

    [Fact]
    public void A_convolution_that_was_made_fit_for_blocks_has_its_shape_back()
    {
        // As ComfyUI-GGUF does: 8 x 4 x 4 x 4 numbers in rows of 256, with the shape written down. Rows begin within blocks.
        const string convolution = "conv_in";
        byte[] blocks = ReferenceBlocks.Random(12, 2, new Random(4));
        new GgufSample()
            .AddList($"comfy.gguf.orig_shape.{convolution}.weight", 8, 4, 4, 4)
            .Add($"{convolution}.weight", 12, [2, 256], blocks)
            .Write(_folder["base.gguf"]);
        double[] expected = ReferenceBlocks.DecodeAll(12, blocks);

        using BaseCheckpoint checkpoint = Open("base.gguf");

        BaseLayer layer = checkpoint.Index.Find("unet.conv_in")!;
        Assert.Equal([8L, 4, 4, 4], layer.Pieces[0].Weight.Info.Shape);
        AssertEqual(new Matrix(8, 64).Map((row, column) => expected[row * 64 + column]), Read(checkpoint, "unet.conv_in"));
    }

    [Fact]
    public void Rows_of_a_fused_weight_are_cut_out_of_blocks()
    {
        byte[] blocks = ReferenceBlocks.Random(12, 3, new Random(5));
        new GgufSample()
            .AddList("comfy.gguf.orig_shape.layers.0.attention.qkv.weight", 48, 16)
            .Add("layers.0.attention.qkv.weight", 12, [3, 256], blocks)
            .Add("cap_embedder.1.weight", Matrix.Gaussian(4, 4, new Random(1)))
            .Add("context_refiner.0.attention.qkv.weight", Matrix.Gaussian(48, 16, new Random(1)))
            .Write(_folder["z.gguf"]);
        double[] expected = ReferenceBlocks.DecodeAll(12, blocks);

        using BaseCheckpoint checkpoint = Open("z.gguf");

        Assert.Equal("Z-Image", checkpoint.Index.Family);
        AssertEqual(new Matrix(16, 16).Map((row, column) => expected[(row + 16) * 16 + column]), Read(checkpoint, "layers.0.attention.to_k"));
    }

    /// <summary>As ComfyUI-GGUF converts real models: what does not fit blocks is kept, and shapes of U-Nets are changed and written down.</summary>
    [Theory]
    [InlineData("flux_checkpoint_singlefile", "Flux.1")]
    [InlineData("sdxl_checkpoint_singlefile", "SDXL")]
    [InlineData("sd15_checkpoint_singlefile", "SD 1.x")]
    [InlineData("sd3_checkpoint_singlefile", "SD 3.x")]
    [InlineData("qwen_image_checkpoint", "Qwen-Image")]
    [InlineData("wan21_1_3b_checkpoint", "Wan 2.x")]
    [InlineData("z_image_checkpoint", "Z-Image")]
    public void Layers_of_real_models_have_the_same_names_and_sizes(string list, string family)
    {
        const string prefix = "model.diffusion_model.";
        bool hasPrefix = KeyFile.Tensors(list).Any(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));
        var gguf = new GgufSample();
        var header = new Pairing.HeaderBuilder();
        foreach (TensorSpec tensor in KeyFile.Tensors(list).Where(tensor => !hasPrefix || tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            string name = hasPrefix ? tensor.Name[prefix.Length..] : tensor.Name;
            header.Add(name, [.. tensor.Shape]);
            long elements = tensor.Shape.Aggregate(1L, (product, size) => product * size);
            bool fits = tensor.Shape.Count > 1 && tensor.Shape[^1] % 256 == 0;
            bool isMadeFit = !fits && family.StartsWith("SD", StringComparison.Ordinal) && tensor.Shape.Count > 1 && elements % 256 == 0;
            if (isMadeFit)
                gguf.AddList($"comfy.gguf.orig_shape.{name}", [.. tensor.Shape.Select(size => (int)size)]);
            if (fits || isMadeFit)
                gguf.AddSparse(name, 12, isMadeFit ? [elements / 256, 256] : [.. tensor.Shape], elements / 256 * 144);
            else
                gguf.AddSparse(name, GgufSample.F32, [.. tensor.Shape], elements * 4);
        }

        gguf.Write(_folder["base.gguf"]);
        var expected = new BaseCheckpointIndex(header.Build(), "base.safetensors");

        using BaseCheckpoint checkpoint = Open("base.gguf");

        Assert.Equal((family, family), (expected.Family, checkpoint.Index.Family));
        Assert.Equal(expected.Names.ToHashSet(), checkpoint.Index.Names.ToHashSet());
        Assert.All(expected.Names, name => Assert.Equal(Sizes(expected, name), Sizes(checkpoint.Index, name)));
    }

    [Fact]
    public void Values_of_all_types_are_passed_over_and_the_alignment_is_obeyed()
    {
        GgufSample sample = new() { Alignment = 256, Version = 2 };
        for (uint type = 0; type < 13; type++)
        {
            if (type is not (8 or 9))
                sample.AddValue($"value.{type}", type, new byte[type is 0 or 1 or 7 ? 1 : type is 2 or 3 ? 2 : type >= 10 ? 8 : 4]);
        }

        Matrix weight = Matrix.Gaussian(3, 5, new Random(6));
        sample
            .AddTexts("tokenizer.ggml.tokens", [.. Enumerable.Range(0, 50_000).Select(i => $"token {i}")])
            .AddList("numbers", [.. Enumerable.Range(0, 100_000)])
            .AddValue("lists", 9, [.. BitConverter.GetBytes(9), .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(0), .. BitConverter.GetBytes(3L), 1, 2, 3])
            .Add("first.weight", Matrix.Gaussian(2, 3, new Random(7)))
            .Add($"{Query}.weight", SampleFile.ReadBack(weight, SafetensorsDType.F32))
            .Write(_folder["base.gguf"]);

        using BaseCheckpoint checkpoint = Open("base.gguf");

        Assert.Equal(0, (Read(checkpoint, "unet." + Query) - SampleFile.ReadBack(weight, SafetensorsDType.F32)).FrobeniusNorm);
    }

    [Fact]
    public void Norms_are_cached_by_content_as_for_any_checkpoint()
    {
        Sample(1).Write(_folder["a.gguf"]);
        Sample(1).Write(_folder["b.gguf"]);
        var engine = new PlainEngine();
        var cache = new NormCache(_folder["cache"], _host);

        MatrixNorms first = Norms("a.gguf");
        Assert.Equal(first, Norms("b.gguf"));
        Assert.Equal(1, engine.NormComputations);
        Sample(2).Write(_folder["a.gguf"]);
        Assert.NotEqual(first, Norms("a.gguf"));
        Assert.Empty(_host.Warnings);

        MatrixNorms Norms(string name)
        {
            using BaseCheckpoint checkpoint = BaseCheckpoint.Open(_folder[name], cache.Folder, _host, CancellationToken.None);
            var norms = new BaseNorms(checkpoint, cache);
            BaseLayer layer = checkpoint.Index.Find("unet." + Query)!;
            norms.Prepare([layer]);
            MatrixNorms found = norms.Of(layer, engine, CancellationToken.None);
            norms.Save();
            return found;
        }
    }

    [Fact]
    public void A_file_that_is_written_to_while_it_is_read_is_an_error()
    {
        string path = Sample(1).Write(_folder["base.gguf"]);
        using BaseCheckpoint checkpoint = Open("base.gguf");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(1));

        Refusal.Of("FileChanged", () => Read(checkpoint, "unet." + Query), path);
    }

    [Theory]
    [InlineData(16u, 66, "IQ2_XXS")]
    [InlineData(29u, 56, "IQ1_M")]
    [InlineData(35u, 66, "TQ2_0")]
    [InlineData(40u, 144, "NVFP4")]
    [InlineData(41u, 36, "Q1_0")]
    [InlineData(31u, 144, "Q4_0_4_4")]
    [InlineData(4u, 160, "Q4_2")]
    [InlineData(99u, 100, "type 99")]
    public void Formats_that_can_not_be_decoded_are_named_when_a_layer_needs_them(uint id, int bytes, string name)
    {
        const string key = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";
        new GgufSample().Add($"{Query}.weight", id, [2, 256], new byte[2 * bytes]).Add($"{key}.weight", 0, [320, 768], new byte[320 * 768 * 4]).Write(_folder["base.gguf"]);
        using BaseCheckpoint checkpoint = Open("base.gguf");
        IReadOnlyList<AdapterLayer> byName = AdapterContents.Read(HeaderBuilder.Of(
            ($"unet.{Query}.lora_B.weight", [2, 1]), ($"unet.{Query}.lora_A.weight", [1, 256]), ($"unet.{key}.lora_B.weight", [320, 1]), ($"unet.{key}.lora_A.weight", [1, 768])), "style.safetensors").Layers;
        IReadOnlyList<AdapterLayer> byPosition = AdapterContents.Read(HeaderBuilder.Of(("unet:0:up", [2, 1]), ("unet:0:down", [1, 256])), "style.safetensors").Layers;

        var pairs = new AdapterPairs([.. byName, .. byPosition], "style.safetensors", checkpoint.Index);

        Assert.Equal("SD 1.x", checkpoint.Index.Family);
        Assert.Equal($"{key}.weight", pairs.Of(byName[1]).BaseLayer!.Name);
        foreach (AdapterLayer layer in new[] { byName[0], byPosition[0] })
            Refusal.Of("UnsupportedQuantization", () => pairs.Of(layer), "base.gguf", name, "Q2_K to Q8_0");
    }

    public static TheoryData<string, byte[]> Damaged
    {
        get
        {
            byte[] whole = Sample(1).ToBytes();
            return new TheoryData<string, byte[]>
            {
                { "truncated", whole[..^100] },
                { "truncated", whole[..40] },
                { "truncated", whole[..100] },
                { "truncated", whole[..4] },
                { "tensors", With(whole, 8, long.MaxValue) },
                { "values", With(whole, 16, -1) },
                { "up to the next tensor", new GgufSample().Add("a", 99, [4096], new byte[32]).Add("b", 0, [1], new byte[4]).ToBytes() },
                { "up to the next tensor", new GgufSample().Add("b", 0, [1], new byte[4]).Add("a", 41, [256], []).ToBytes() },
                { "unknown type 13", new GgufSample().AddValue("a", 13, []).ToBytes() },
                { "too large", new GgufSample().Add("a", 0, [1L << 40, 1L << 40], []).ToBytes() },
                { "truncated", new GgufSample().Add("a", 0, [1L << 40, 4], []).ToBytes() },
                { "whole blocks of Q4_K", new GgufSample().Add("a", 12, [4, 100], new byte[400]).ToBytes() },
                { "twice", new GgufSample().Add("a", 0, [1], new byte[4]).Add("a", 0, [1], new byte[4]).ToBytes() },
                { "twice", new GgufSample().AddText("a", "b").AddText("a", "c").ToBytes() },
                { "9 dimensions", new GgufSample().Add("a", 0, [1, 1, 1, 1, 1, 1, 1, 1, 1], new byte[4]).ToBytes() },
                { "not a shape", new GgufSample().AddList("comfy.gguf.orig_shape.a", -1, -1).ToBytes() },
                { "as many numbers", new GgufSample().AddList("comfy.gguf.orig_shape.a", 3).Add("a", 0, [2], new byte[8]).ToBytes() },
                { "alignment is 0", new GgufSample().AddValue("general.alignment", 4, new byte[4]).ToBytes() },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public void What_is_damaged_is_refused_with_the_reason(string reason, byte[] bytes)
    {
        File.WriteAllBytes(_folder["base.gguf"], bytes);
        ResizeLoraException exception = Refusal.Of("InvalidGguf", () => GgufFile.OpenEither(_folder["base.gguf"]));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["base.gguf"], exception.Message, StringComparison.Ordinal);
        Assert.Equal(FaultKind.InvalidData, exception.Kind);
    }

    [Theory]
    [InlineData(1u, "version 1")]
    [InlineData(4u, "version 4")]
    [InlineData(0x03000000u, "big-endian")]
    public void A_file_of_another_kind_is_not_called_damaged(uint version, string reason)
    {
        string path = new GgufSample { Version = version }.Write(_folder["base.gguf"]);
        Refusal.Of("UnsupportedGguf", () => GgufFile.OpenEither(path), path, reason, "safetensors");
    }

    [Fact]
    public void A_tensor_inside_another_is_refused()
    {
        byte[] bytes = new GgufSample().Add("a", 0, [16], new byte[64]).Add("b", 0, [16], new byte[64]).ToBytes();

        // The last number before the padding is where b begins.
        int offset = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[(byte)'b', 1, 0, 0, 0, 16]) + 1 + 4 + 8 + 4;
        bytes[offset] = 32;
        File.WriteAllBytes(_folder["base.gguf"], bytes);

        Refusal.Of("InvalidGguf", () => GgufFile.OpenEither(_folder["base.gguf"]), "inside another one");
    }

    [Fact]
    public void As_a_LoRA_it_is_refused_by_what_it_is()
    {
        string path = Sample(1).Write(_folder["style.gguf"]);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(path), path, "GGUF", "LoRA must be a safetensors file");
    }

    private static (long Rows, long Columns)? Sizes(BaseCheckpointIndex index, LayerKey name) =>
        name.Component == AdapterComponent.Unet && index.Find("lora_unet_" + name.FlatPath) is { } layer ? (layer.Rows, layer.Columns) : null;

    private static GgufSample Sample(int seed) => new GgufSample().Add($"{Query}.weight", GgufSample.Q8_0, [4, 64], ReferenceBlocks.Random(GgufSample.Q8_0, 8, new Random(seed)));

    private static byte[] With(byte[] bytes, int offset, long value) => [.. bytes[..offset], .. BitConverter.GetBytes(value), .. bytes[(offset + 8)..]];

    private BaseCheckpoint Open(string name) => BaseCheckpoint.Open(_folder[name], cacheFolder: null, _host, CancellationToken.None);

    private static Matrix Read(BaseCheckpoint checkpoint, string name) => checkpoint.Read(checkpoint.Index.Find(name)!, PlainEngine.ToMatrix);

    private static void AssertEqual(Matrix expected, Matrix actual)
    {
        Assert.Equal((expected.Rows, expected.Columns), (actual.Rows, actual.Columns));
        Assert.InRange((actual - expected).FrobeniusNorm, 0, 1e-6 * expected.FrobeniusNorm);
    }
}
