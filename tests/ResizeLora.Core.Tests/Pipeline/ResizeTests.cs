using ResizeLora.Checkpoints;
using ResizeLora.Output;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>From a file to a file: the effective ΔW of what is written is the truncated SVD of what was there.</summary>
public sealed class ResizeTests : IDisposable
{
    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("spn_lora,thr=-0.25", -0.25, 1)]
    [InlineData("spn_lora,thr=-9", -9, 1)]
    [InlineData("spn_lora,thr=-0.25,rescale=3", -0.25, 3)]
    public void The_output_is_the_truncated_svd_of_the_input(string recipe, double threshold, double rescale)
    {
        string path = _bench.WriteLora();
        ResizeResult result = Assert.Single(_bench.Resize(path, recipe));
        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, values, i) => Math.Log10(values[i] / values[0]) >= threshold, rescale);
    }

    [Fact]
    public void Scores_against_the_base_use_the_norms_of_the_layer_s_own_partner()
    {
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint();
        string path = _bench.WriteLora();
        Dictionary<string, double> spectral;
        using (SafetensorsFile file = SafetensorsFile.Open(checkpoint.Path))
        {
            spectral = new()
            {
                [Workbench.First] = Norm(file, "conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight"),
                [Workbench.Second] = Norm(file, "conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc2.weight"),
                [Workbench.Third] = Norm(file, "model.diffusion_model.middle_block.1.proj_in.weight"),
            };
        }

        ResizeResult result = Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Parse("spn_ckpt,thr=-1.9")]));
        Assert.InRange(result.Rank, 1, 11);
        Workbench.AssertTruncated(path, result.Path, 1e-6, (name, values, i) => Math.Log10(values[i] / spectral[name]) >= -1.9);

        static double Norm(SafetensorsFile file, string name) => JacobiSvd.Of(SampleFile.ReadMatrix(file, name)).Values[0];
    }

    [Theory]
    [InlineData(ResizePrecision.Float32, 1e-6)]
    [InlineData(ResizePrecision.Float16, 1e-3)]
    [InlineData(ResizePrecision.BFloat16, 1e-2)]
    public void Every_precision_is_as_good_as_its_type(ResizePrecision precision, double tolerance)
    {
        _bench.Options = _bench.Options with { Precision = precision };
        string path = _bench.WriteLora();
        ResizeResult result = Assert.Single(_bench.Resize(path, "fro_lora,thr=-9"));
        Workbench.AssertTruncated(path, result.Path, tolerance, (_, _, _) => true);
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.All(file.Header.Tensors, tensor => Assert.Equal(precision.DType(SafetensorsDType.F32), tensor.DType));
    }

    [Theory]
    [InlineData(1e-9)]
    [InlineData(1e-4)]
    [InlineData(1e6)]
    public void Half_precision_neither_loses_tiny_layers_nor_clips_huge_ones(double magnitude)
    {
        _bench.Options = _bench.Options with { Precision = ResizePrecision.Float16 };
        var random = new Random(5);
        string path = _bench.WriteLora(new SampleFile()
            .Add($"{Workbench.First}.lora_up.weight", Math.Sqrt(magnitude) * Matrix.Gaussian(12, 4, random))
            .Add($"{Workbench.First}.lora_down.weight", Math.Sqrt(magnitude) * Matrix.Gaussian(4, 9, random))
            .AddScalar($"{Workbench.First}.alpha", 4));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-9"));
        Workbench.AssertTruncated(path, result.Path, 2e-3, (_, _, _) => true);
    }

    [Fact]
    public void A_negative_alpha_is_a_sign()
    {
        string path = _bench.WriteLora(Workbench.ThreeLayers(alpha: -3));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-0.25"));
        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, values, i) => Math.Log10(values[i] / values[0]) >= -0.25);
    }

    [Fact]
    public void An_alpha_of_zero_makes_a_layer_of_zeros_that_is_left_out()
    {
        var random = new Random(6);
        string path = _bench.WriteLora(new SampleFile()
            .AddLora(Workbench.First, 12, 9, 4, random, alpha: 0)
            .AddLora(Workbench.Second, 9, 12, 4, random, alpha: 4));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-9"));
        Assert.Equal((2, 1), (result.SourceLayerCount, result.LayerCount));
        Assert.Equal([Workbench.Second], LoraFile.Layers(result.Path).Keys);
    }

    [Fact]
    public void A_rank_above_both_sides_of_the_layer_comes_down_to_the_smaller_side()
    {
        string path = _bench.WriteLora(new SampleFile().AddLora(Workbench.First, 5, 3, 8, new Random(7), alpha: 8));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-9"));
        Assert.Equal((8, 3), (result.SourceRank, result.Rank));
        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, _, _) => true);
    }

    [Fact]
    public void A_convolution_keeps_its_form()
    {
        var random = new Random(8);
        const string layer = "lora_unet_input_blocks_7_0_out_layers_3";
        string path = _bench.WriteLora(new SampleFile()
            .Add($"{layer}.lora_up.weight", Matrix.Gaussian(6, 4, random), SafetensorsDType.F32, 6, 4, 1, 1)
            .Add($"{layer}.lora_down.weight", Matrix.Gaussian(4, 5 * 9, random), SafetensorsDType.F32, 4, 5, 3, 3)
            .AddScalar($"{layer}.alpha", 4));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-0.15"));
        Assert.InRange(result.Rank, 1, 3);
        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, values, i) => Math.Log10(values[i] / values[0]) >= -0.15);
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal([6, result.Rank, 1, 1], file.Header.Find($"{layer}.lora_up.weight")!.Shape);
        Assert.Equal([result.Rank, 5, 3, 3], file.Header.Find($"{layer}.lora_down.weight")!.Shape);
    }

    [Fact]
    public void A_layer_without_alpha_counts_alpha_as_its_rank_and_gets_one_written()
    {
        string path = _bench.WriteLora(Workbench.ThreeLayers(alpha: null));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-0.25"));
        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, values, i) => Math.Log10(values[i] / values[0]) >= -0.25);
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        long rank = file.Header.Find($"{Workbench.First}.lora_down.weight")!.Shape[0];
        TensorInfo alpha = file.Header.Find($"{Workbench.First}.alpha")!;
        Assert.Empty(alpha.Shape);
        Assert.Equal(rank, SampleElement.Read(alpha.DType, file.Read(alpha)));
    }

    [Fact]
    public void Alpha_keeps_its_shape()
    {
        var random = new Random(9);
        string path = _bench.WriteLora(new SampleFile()
            .AddLora(Workbench.First, 12, 9, 4, random)
            .AddScalar($"{Workbench.First}.alpha", 2, SafetensorsDType.F32, 1));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-9"));
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal([1], file.Header.Find($"{Workbench.First}.alpha")!.Shape);
    }

    [Fact]
    public void Tensors_that_are_no_lora_layer_are_copied_verbatim()
    {
        byte[] bytes = [1, 2, 3, 255, 254];
        byte[] nan = BitConverter.GetBytes(float.NaN);
        string path = _bench.WriteLora(Workbench.ThreeLayers()
            .AddRaw("some.bias", SafetensorsDType.U8, [5], bytes)
            .AddRaw("an.embedding", SafetensorsDType.F32, [1, 1], nan)
            .AddRaw("nothing", SafetensorsDType.BF16, [0, 3], []));
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-0.25"));
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal(bytes, file.Read(file.Header.Find("some.bias")!));
        Assert.Equal(nan, file.Read(file.Header.Find("an.embedding")!));
        Assert.Equal([0, 3], file.Header.Find("nothing")!.Shape);
    }

    [Fact]
    public void A_file_without_metadata_gets_only_what_tells_how_it_came_about()
    {
        ResizeResult result = Assert.Single(_bench.Resize(_bench.WriteLora(), "spn_lora,thr=-0.25"));
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal(["resize_params", "sshs_model_hash", "sshs_legacy_hash"], file.Header.Metadata.Select(pair => pair.Key));
    }

    [Fact]
    public void The_hash_in_the_metadata_is_that_of_the_tensors()
    {
        ResizeResult result = Assert.Single(_bench.Resize(_bench.WriteLora(), "spn_lora,thr=-0.25"));
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        byte[] data = File.ReadAllBytes(result.Path)[(int)file.Header.DataStart..];
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(data)),
            file.Header.FindMetadata("sshs_model_hash"));
    }

    [Fact]
    public void The_result_tells_what_was_written()
    {
        string path = _bench.WriteLora();
        ResizeResult result = Assert.Single(_bench.Resize(path, "spn_lora,thr=-0.25"));
        Assert.Equal("style_spnlora1_fp32_th-0.25.safetensors", result.Name);
        Assert.Equal((path, -0.25, 3, 12), (result.SourcePath, result.Threshold, result.SourceLayerCount, result.SourceRank));
        Assert.Equal(new FileInfo(path).Length, result.SourceSize);
        Assert.Equal(new FileInfo(result.Path).Length, result.Size);
        Assert.Equal(100.0 * (result.SourceSize - result.Size) / result.SourceSize, result.SavedPercent);

        Dictionary<string, Matrix> before = LoraFile.EffectiveDeltas(path);
        Dictionary<string, Matrix> after = LoraFile.EffectiveDeltas(result.Path);
        Assert.Equal(LoraFile.Layers(result.Path).Values.Sum(layer => layer.Up.Columns), result.Rank);
        double error = Math.Sqrt(before.Sum(pair => Math.Pow((pair.Value - after[pair.Key]).FrobeniusNorm, 2)) / before.Sum(pair => Math.Pow(pair.Value.FrobeniusNorm, 2)));
        Assert.Equal(error, result.RelativeError, 6);
    }

    [Theory]
    [InlineData(0.0022)]
    [InlineData(0.002)]
    public void A_size_holds_for_the_whole_file_and_one_value_more_would_not_fit(double mib)
    {
        string path = _bench.WriteLora();
        long budget = (long)(mib * 1048576);
        ResizeResult result = Assert.Single(_bench.Resize(path, $"spn_lora,size={mib}"));
        Assert.Equal(new FileInfo(result.Path).Length, result.Size);
        Assert.InRange(result.Size, 1, budget);
        Assert.InRange(result.Rank, 1, 11);

        // One value more costs at most 4 · (12 + 9) bytes, a few digits in the header, and its padding.
        Assert.True(result.Size > budget - (4 * 21) - 64, $"{result.Size} of {budget}");
    }

    [Fact]
    public void The_number_of_workers_does_not_change_a_byte()
    {
        string path = _bench.WriteLora();
        string[] folders = ["one", "eight"];
        foreach ((string folder, int workers) in folders.Zip([1, 8]))
        {
            Directory.CreateDirectory(_bench.Folder[folder]);
            _bench.Options = _bench.Options with { Workers = workers, Output = OutputPath.In(_bench.Folder[folder]) };
            Assert.Single(_bench.Resize(path, "spn_lora,thr=-0.25"));
        }

        byte[][] files = [.. folders.Select(folder => File.ReadAllBytes(Assert.Single(Directory.GetFiles(_bench.Folder[folder]))))];
        Assert.Equal(files[0], files[1]);
    }
}
