using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Norms;

/// <summary>The forms that people have checkpoints in: one file, folders, shards, a component alone, 8-bit floats.</summary>
public sealed class CheckpointFormTests : IDisposable
{
    private const string Query = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
    private const string Mlp = "text_model.encoder.layers.0.mlp.fc1";

    private readonly TemporaryFolder _folder = new();
    private readonly JobRecorder _host = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_diffusers_folder_has_each_component_in_its_place()
    {
        Write("model/unet/diffusion_pytorch_model.safetensors", (Query, 6, 4));
        Write("model/text_encoder/model.safetensors", (Mlp, 8, 4));
        Write("model/text_encoder_2/model.safetensors", (Mlp, 12, 4));
        Write("model/vae/diffusion_pytorch_model.safetensors", ("decoder.conv_in", 5, 5));

        using BaseCheckpoint checkpoint = Open(_folder["model"]);

        Assert.Equal(6, checkpoint.Index.Find("unet." + Query)!.Rows);
        Assert.Equal(8, checkpoint.Index.Find("lora_te1_text_model_encoder_layers_0_mlp_fc1")!.Rows);
        Assert.Equal(12, checkpoint.Index.Find("text_encoder_2." + Mlp)!.Rows);
        Assert.Null(checkpoint.Index.Find("unet.decoder.conv_in"));
        AssertNorms(checkpoint, "unet." + Query);
        AssertNorms(checkpoint, "text_encoder_2." + Mlp);
    }

    [Fact]
    public void A_component_may_be_in_shards_that_an_index_names()
    {
        Write("model/transformer/part-1.safetensors", ("layers.0.attention.to_q", 3, 3));
        Write("model/transformer/part-2.safetensors", ("layers.0.attention.to_k", 3, 3), ("layers.0.attention.to_v", 3, 3), ("cap_embedder.1", 3, 2), ("context_refiner.0.attention.to_q", 3, 3));
        Text("model/transformer/diffusion_pytorch_model.safetensors.index.json", """{"metadata":{},"weight_map":{"a":"part-1.safetensors","b":"part-2.safetensors","c":"part-2.safetensors"}}""");
        foreach (string path in new[] { _folder["model"], _folder["model/transformer"] })
        {
            using BaseCheckpoint checkpoint = Open(path);

            Assert.Equal("Z-Image", checkpoint.Index.Family);
            BaseLayer fused = checkpoint.Index.Find("diffusion_model.layers.0.attention.qkv")!;
            Assert.Equal("layers.0.attention.to_q.weight + layers.0.attention.to_k.weight + layers.0.attention.to_v.weight", fused.Name);
            Assert.Null(fused.File);
            AssertNorms(checkpoint, "diffusion_model.layers.0.attention.qkv");
        }
    }

    [Theory]
    [InlineData("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")]
    [InlineData("model.fp16.safetensors")]
    [InlineData("model.safetensors", "model.bf16.safetensors", "model.fp16.safetensors")]
    public void Of_several_precisions_the_usual_one_is_taken(params string[] files)
    {
        for (int i = 0; i < files.Length; i++)
            Write($"model/unet/{files[i]}", (Query, 6 + i, 4));

        using BaseCheckpoint checkpoint = Open(_folder["model"]);

        Assert.Equal(6, checkpoint.Index.Find("unet." + Query)!.Rows);
    }

    [Fact]
    public void Components_alone_may_be_named_together()
    {
        Write("unet.safetensors", ("input_blocks.4.1.transformer_blocks.0.attn2.to_k", 640, 2048));
        Write("clip_l.safetensors", (Mlp, 3072, 768));
        Write("clip_g.safetensors", (Mlp, 5120, 1280));

        using BaseCheckpoint checkpoint = Open(_folder["clip_g.safetensors"], _folder["unet.safetensors"], _folder["clip_l.safetensors"]);

        Assert.Equal("SDXL", checkpoint.Index.Family);
        Assert.Equal(640, checkpoint.Index.Find("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k")!.Rows);
        Assert.Equal((3072L, 2), RowsAndFile(checkpoint, "lora_te1_text_model_encoder_layers_0_mlp_fc1"));
        Assert.Equal((5120L, 0), RowsAndFile(checkpoint, "lora_te2_text_model_encoder_layers_0_mlp_fc1"));
    }

    [Fact]
    public void A_model_of_no_known_family_goes_by_the_names_of_its_tensors()
    {
        Write("new.safetensors", ("stages.0.mixer.in_proj", 6, 4));

        using BaseCheckpoint checkpoint = Open(_folder["new.safetensors"]);

        Assert.Equal("other", checkpoint.Index.Family);
        foreach (string name in new[] { "stages.0.mixer.in_proj", "diffusion_model.stages.0.mixer.in_proj", "transformer.stages.0.mixer.in_proj", "lora_unet_stages_0_mixer_in_proj", "base_model.model.stages.0.mixer.in_proj" })
            Assert.Equal("stages.0.mixer.in_proj.weight", checkpoint.Index.Find(name)?.Name);
        Assert.Equal(["stages.0.mixer.in_proj.weight"], checkpoint.Index.Closest("transformer.stages.0.mixer.in_prj"));
        Assert.Empty(checkpoint.Index.Closest("transformer.something_else"));
    }

    /// <summary>llama.cpp splits a model into files of which each knows how many there are.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("base-00001-of-00002.gguf")]
    [InlineData("base-00002-of-00002.gguf")]
    [InlineData("base-00001-of-00002.gguf", "base-00002-of-00002.gguf")]
    public void A_split_GGUF_model_is_read_from_all_its_parts(params string[] named)
    {
        WritePart(1, 2);
        WritePart(2, 2);

        using BaseCheckpoint checkpoint = Open([.. named.Select(name => _folder["model/" + name])]);

        Assert.Equal(["stages.1.proj.weight", "stages.2.proj.weight"], new[] { 1, 2 }.Select(n => checkpoint.Index.Find($"diffusion_model.stages.{n}.proj")?.Name));
    }

    [Theory]
    [InlineData("model/base-00002-of-00004.gguf")]
    [InlineData("model")]
    public void Parts_of_a_split_model_that_are_missing_are_named(string named)
    {
        WritePart(2, 4);
        WritePart(4, 4);

        Refusal.Of("ShardMissing", () => Open(_folder[named]), "base-00002-of-00004.gguf", "2 parts", "'base-00001-of-00004.gguf'", "'base-00003-of-00004.gguf'");
    }

    [Fact]
    public void A_part_under_another_name_is_refused()
    {
        File.Move(WritePart(1, 2), _folder["model/base.gguf"]);

        Refusal.Of("ShardMissing", () => Open(_folder["model/base.gguf"]), "base.gguf", "one of the 2 parts", "00001-of-00002");
    }

    public static TheoryData<string, string, string> BadFolders() => new()
    {
        { "", "NoCheckpointInFolder", "text_encoder_2" },
        { "unet/readme.txt", "NoCheckpointInFolder", "model" },
        { "one.safetensors two.safetensors", "SeveralCheckpoints", "two.safetensors" },
        { "unet/one.safetensors unet/two.safetensors", "SeveralCheckpoints", "two.safetensors" },
        { "unet/m.safetensors.index.json:{\"weight_map\":{\"a\":\"gone.safetensors\"}}", "ShardMissing", "gone.safetensors" },
        { "unet/m.safetensors.index.json:{\"weight_map\":{\"a\":\"../up.safetensors\"}}", "InvalidShardIndex", "files next to it" },
        { "unet/m.safetensors.index.json:{\"weight_map\":{\"a\":1}}", "InvalidShardIndex", "files next to it" },
        { "unet/m.safetensors.index.json:{\"weight_map\":{}}", "InvalidShardIndex", "files next to it" },
        { "unet/m.safetensors.index.json:{\"weight_map\":[]}", "InvalidShardIndex", "weight_map" },
        { "unet/m.safetensors.index.json:[]", "InvalidShardIndex", "weight_map" },
        { "unet/m.safetensors.index.json:{", "InvalidShardIndex", "not valid JSON" },
        { "unet/m.safetensors:nonsense", "InvalidSafetensors", "m.safetensors" },
    };

    [Theory]
    [MemberData(nameof(BadFolders))]
    public void A_folder_that_is_no_model_is_refused(string files, string errorId, string inMessage)
    {
        Directory.CreateDirectory(_folder["model"]);
        foreach (string file in files.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Text("model/" + file.Split(':', 2)[0], file.Split(':', 2) is [_, string content] ? content : "text");

        Refusal.Of(errorId, () => Open(_folder["model"]), inMessage);
    }

    [Fact]
    public void A_file_that_is_named_twice_is_refused()
    {
        Write("base.safetensors", (Query, 6, 4));

        Refusal.Of("SameCheckpointTwice", () => Open(_folder["base.safetensors"], _folder["base.safetensors"]), "base.safetensors");
        Refusal.Of("FileNotFound", () => Open(_folder["missing.safetensors"]), "missing.safetensors");
    }

    public static TheoryData<string, string, long[], string> Scales() => new()
    {
        { "F8_E4M3", "scale_weight", [], "F32" },
        { "F8_E5M2", "scale_weight", [1], "F16" },
        { "F8_E4M3", "weight_scale", [], "BF16" },
        { "F8_E4M3", "weight_scale", [6], "F32" },
        { "F8_E4M3", "weight_scale", [6, 1], "F32" },
    };

    [Theory]
    [MemberData(nameof(Scales))]
    public void Eight_bit_weights_are_multiplied_by_their_scale(string dtype, string name, long[] shape, string scaleType)
    {
        SafetensorsDType stored = Enum.Parse<SafetensorsDType>(dtype);
        var random = new Random(5);
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(6, 4, random), stored);
        int count = (int)shape.Aggregate(1L, (product, size) => product * size);
        Matrix scales = new Matrix(count, 1).Map((row, _) => 0.25 * (row + 1));
        new SampleFile()
            .Add($"{Query}.weight", weight, stored)
            .AddRaw($"{Query}.{name}", Enum.Parse<SafetensorsDType>(scaleType), shape, SampleFile.Encode(scales, Enum.Parse<SafetensorsDType>(scaleType)))
            .AddScalar($"{Query}.scale_input", 7)
            .Write(_folder["base.safetensors"]);
        Matrix expected = weight.Map((row, column) => weight[row, column] * scales[count == 1 ? 0 : row, 0]);

        using BaseCheckpoint checkpoint = Open(_folder["base.safetensors"]);

        BaseLayer layer = checkpoint.Index.Find("unet." + Query)!;
        Assert.Equal(0, (checkpoint.Read(layer, PlainEngine.ToMatrix) - expected).FrobeniusNorm);
        MatrixNorms norms = new BaseNorms(checkpoint, cache: null).Of(layer, new PlainEngine(), CancellationToken.None);
        Assert.Equal(1, norms.Frobenius / expected.FrobeniusNorm, 1e-12);
        Assert.Equal(1, norms.Spectral / JacobiSvd.Of(expected).Values[0], 1e-9);
    }

    [Fact]
    public void The_rows_of_a_part_have_the_scales_of_these_rows()
    {
        const string fused = "layers.0.attention.qkv";
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(6, 2, new Random(5)), SafetensorsDType.F8_E4M3);
        Matrix scales = new Matrix(6, 1).Map((row, _) => row + 1);
        new SampleFile()
            .Add($"{fused}.weight", weight, SafetensorsDType.F8_E4M3)
            .Add($"{fused}.weight_scale", scales, SafetensorsDType.F32, 6)
            .Add("cap_embedder.1.weight", scales)
            .Add("context_refiner.0.attention.qkv.weight", weight)
            .Write(_folder["base.safetensors"]);

        using BaseCheckpoint checkpoint = Open(_folder["base.safetensors"]);

        Matrix k = checkpoint.Read(checkpoint.Index.Find("layers.0.attention.to_k")!, PlainEngine.ToMatrix);
        Assert.Equal(0, (k - new Matrix(2, 2).Map((row, column) => weight[row + 2, column] * (row + 3))).FrobeniusNorm);
    }

    [Theory]
    [InlineData(new long[] { 5 }, "F32")]
    [InlineData(new long[] { 3, 2 }, "F32")]
    [InlineData(new long[] { }, "U8")]
    public void A_scale_of_another_form_is_refused(long[] shape, string dtype)
    {
        SafetensorsDType type = Enum.Parse<SafetensorsDType>(dtype);
        long count = shape.Aggregate(1L, (product, size) => product * size);
        new SampleFile()
            .Add($"{Query}.weight", Matrix.Gaussian(6, 4, new Random(5)), SafetensorsDType.F8_E4M3)
            .AddRaw($"{Query}.weight_scale", type, shape, new byte[count * type.Format().Size])
            .Write(_folder["base.safetensors"]);
        using BaseCheckpoint checkpoint = Open(_folder["base.safetensors"]);

        Refusal.Of("UnusableScale", () => checkpoint.Read(checkpoint.Index.Find("unet." + Query)!, PlainEngine.ToMatrix), Query, "base.safetensors");
    }

    [Fact]
    public void Each_file_has_its_own_place_in_the_cache()
    {
        Write("model/unet/a.safetensors", (Query, 6, 4));
        Write("model/text_encoder/b.safetensors", (Mlp, 8, 4));
        var cache = new NormCache(_folder["cache"], _host);
        var engine = new PlainEngine();
        MatrixNorms[] first = Norms(_folder["model"]);
        Assert.Equal(2, engine.NormComputations);
        Assert.Equal(["a.safetensors", "b.safetensors"], cache.Entries().Select(entry => entry.Name).Order(StringComparer.Ordinal));

        // The same files elsewhere are the same; another text encoder leaves the U-Net's norms as they are.
        Assert.Equal(first, Norms(_folder["model"]));
        Assert.Equal(2, engine.NormComputations);
        Write("model/text_encoder/b.safetensors", (Mlp, 9, 4));
        MatrixNorms[] second = Norms(_folder["model"]);
        Assert.Equal(3, engine.NormComputations);
        Assert.Equal(first[0], second[0]);
        Assert.NotEqual(first[1], second[1]);
        Assert.Empty(_host.Warnings);

        MatrixNorms[] Norms(string path)
        {
            using BaseCheckpoint checkpoint = BaseCheckpoint.Open(path, cache.Folder, _host, CancellationToken.None);
            var norms = new BaseNorms(checkpoint, cache);
            BaseLayer[] layers = [checkpoint.Index.Find("unet." + Query)!, checkpoint.Index.Find("text_encoder." + Mlp)!];
            norms.Prepare(layers);
            MatrixNorms[] found = [.. layers.Select(layer => norms.Of(layer, engine, CancellationToken.None))];
            norms.Save();
            return found;
        }
    }

    [Fact]
    public void Two_checkpoints_of_the_same_files_are_one_version_until_a_file_changes()
    {
        Write("a.safetensors", (Query, 6, 4));
        Write("b.safetensors", (Mlp, 3072, 768));
        string[] paths = [_folder["a.safetensors"], _folder["b.safetensors"]];
        CheckpointVersion before = VersionOf(paths);
        Assert.Equal(before, VersionOf(paths));
        Assert.NotEqual(before, VersionOf(paths[0]));

        Write("a.safetensors", (Query, 7, 4));

        Assert.NotEqual(before, VersionOf(paths));
    }

    /// <summary>Of a file that is all holes, reading more than the header would take seconds.</summary>
    [Fact]
    public void A_model_of_24_gigabytes_is_recognised_by_its_header_alone()
    {
        SafetensorsLayout layout = SafetensorsLayout.Create(KeyFile.Tensors("flux_checkpoint_singlefile"));
        using (FileStream stream = File.Create(_folder["flux.safetensors"]))
        {
            stream.Write(layout.Header(metadata: null));
            stream.SetLength(stream.Position + layout.DataLength);
        }

        Assert.True(layout.DataLength > 24e9, $"{layout.DataLength}");
        var host = new JobRecorder { AtStep = _ => Assert.Fail("It is hashed.") };
        long read = Work.Read(() =>
        {
            using BaseCheckpoint checkpoint = BaseCheckpoint.Open(_folder["flux.safetensors"], _folder["cache"], host, CancellationToken.None);
            Assert.Equal("Flux.1", checkpoint.Index.Family);
            Assert.NotNull(checkpoint.Index.Find("transformer.single_transformer_blocks.37.proj_mlp"));
        });

        // The header, and what the runtime and the descriptions of families take.
        Assert.InRange(read, 0, 8 << 20);
    }

    private string WritePart(ushort number, ushort count) => new GgufSample()
        .AddValue("split.no", 2, BitConverter.GetBytes((ushort)(number - 1)))
        .AddValue("split.count", 2, BitConverter.GetBytes(count))
        .Add($"stages.{number}.proj.weight", Matrix.Gaussian(3, 4, new Random(number)))
        .Write(_folder[string.Create(System.Globalization.CultureInfo.InvariantCulture, $"model/base-{number:D5}-of-{count:D5}.gguf")]);

    private BaseCheckpoint Open(params string[] paths) =>
        BaseCheckpoint.Open(CheckpointFiles.Find(paths), cacheFolder: null, _host, CancellationToken.None);

    private CheckpointVersion VersionOf(params string[] paths)
    {
        using BaseCheckpoint checkpoint = Open(paths);
        return checkpoint.Version;
    }

    private static (long Rows, int? File) RowsAndFile(BaseCheckpoint checkpoint, string name) =>
        checkpoint.Index.Find(name) is { } layer ? (layer.Rows, layer.File) : (0, null);

    /// <summary>The norms are those of the rows that the layer names, one below the other.</summary>
    private static void AssertNorms(BaseCheckpoint checkpoint, string name)
    {
        BaseLayer layer = checkpoint.Index.Find(name)!;
        Matrix weight = checkpoint.Read(layer, PlainEngine.ToMatrix);
        Assert.Equal((layer.Rows, layer.Columns), (weight.Rows, weight.Columns));
        int row = 0;
        foreach (WeightRows piece in layer.Pieces)
        {
            Matrix expected = WeightOf(piece.Weight.Info.Name[..^".weight".Length], (int)piece.Count, weight.Columns);
            Assert.Equal(0, (new Matrix(expected.Rows, expected.Columns).Map((r, c) => weight[row + r, c]) - expected).FrobeniusNorm);
            row += expected.Rows;
        }

        Assert.Equal(1, new BaseNorms(checkpoint, cache: null).Of(layer, new PlainEngine(), CancellationToken.None).Frobenius / weight.FrobeniusNorm, 1e-12);
    }

    /// <summary>A weight that is known by its name.</summary>
    private static Matrix WeightOf(string name, int rows, int columns) =>
        SampleFile.ReadBack(Matrix.Gaussian(rows, columns, new Random(name.Sum(letter => letter) + rows)), SafetensorsDType.F16);

    private void Write(string path, params (string Name, int Rows, int Columns)[] weights)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        var file = new SampleFile();
        foreach ((string name, int rows, int columns) in weights)
        {
            if ((long)rows * columns > 100_000)
                file.AddRaw(name + ".weight", SafetensorsDType.F16, [rows, columns], new byte[2L * rows * columns]);
            else
                file.Add(name + ".weight", WeightOf(name, rows, columns), SafetensorsDType.F16);
        }

        file.Write(_folder[path]);
    }

    private void Text(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        File.WriteAllText(_folder[path], content);
    }
}
