using System.Buffers.Binary;
using System.Management.Automation;
using System.Text.Json;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>Outputs in 8 bits, as a reader that shares no code with their writer finds them.</summary>
public sealed class Float8Tests : IDisposable
{
    private const string All = "spn_lora=1,thr=-30";
    private const string Resize = "Invoke-LoraResize $args[0] -Recipe $args[1] -Precision $args[2] -Destination $args[3]";

    private readonly Bench _bench = new();

    public static TheoryData<string> Golden => [.. GoldenData.Loras];

    public static TheoryData<string> Real => ["sd15_diffusers_pokemon", "sd15_attn_procs", "sd15_peft_skin_lesion"];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Golden))]
    public void At_the_full_rank_a_golden_file_loses_little(string name) => AssertAccurate(TestPaths.Golden($"{name}.safetensors"));

    [RealFilesTheory]
    [MemberData(nameof(Real))]
    public void At_the_full_rank_a_real_file_loses_little(string name) => AssertAccurate(Path.Combine(TestPaths.RealFiles, $"{name}.safetensors"));

    [Theory]
    [InlineData("Float8", 1e-3)]
    [InlineData("Float16", 1e-2)]
    [InlineData("BFloat16", 1e-2)]
    public void The_reported_error_is_the_reader_s(string precision, double tolerance)
    {
        foreach (string name in GoldenData.Loras)
        {
            string path = TestPaths.Golden($"{name}.safetensors");
            foreach (string recipe in new[] { All, "spn_ckpt=1,thr=-1.2", "spn_lora=1,thr=-0.5,rescale=0.5" })
            {
                ResizeResult result = Run(path, recipe, precision);
                LoadedLora input = LoadedLora.Open(path);
                LoadedLora output = LoadedLora.Open(result.Path);
                double rescale = result.Recipe.Rescale;
                double error = input.ErrorOf(Divided(output, rescale));
                Assert.Equal(1, result.RelativeError / error, tolerance);
            }
        }
    }

    [Fact]
    public void The_error_weighted_by_the_base_is_the_reader_s()
    {
        string path = TestPaths.Golden("lora_a.safetensors");
        ResizeResult result = Run(path, "spn_ckpt=1,thr=-1.2", "Float8");
        Dictionary<string, double> norms = GoldenData.Truth.Base.ToDictionary(pair => pair.Key, pair => pair.Value.Frobenius, StringComparer.Ordinal);
        Assert.Equal(1, result.BaseWeightedError!.Value / LoadedLora.Open(path).ErrorOf(LoadedLora.Open(result.Path), norms), 1e-3);
        Assert.Null(_bench.RunGrowing("Invoke-LoraResize $args[0] -Recipe $args[1] -Destination $args[2]", path, All, _bench.PathOf("alone")).Only<ResizeResult>().BaseWeightedError);
    }

    [Fact]
    public void What_is_planned_is_near_what_is_written()
    {
        foreach (string precision in new[] { "Float8", "Float16" })
        {
            string path = TestPaths.Golden("lora_a.safetensors");
            ResizeResult planned = _bench.Run($"{Resize} -WhatIf -PassThru", path, All, precision, _bench.PathOf("planned")).Only<ResizeResult>();
            ResizeResult written = Run(path, All, precision);
            Assert.InRange(written.RelativeError / planned.RelativeError, 0.85, 1.05);
            Assert.Equal(written.Size, planned.Size);
        }
    }

    [Fact]
    public void The_file_is_laid_out_as_the_specification_says()
    {
        ResizeResult result = Run(TestPaths.Golden("lora_a.safetensors"), "spn_lora=1,thr=-0.5", "Float8");
        byte[] bytes = File.ReadAllBytes(result.Path);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal((byte)'{', bytes[8]);
        long end = 0;
        foreach (JsonProperty tensor in JsonDocument.Parse(bytes.AsMemory(8, header)).RootElement.EnumerateObject().Where(item => item.Name != "__metadata__").OrderBy(item => item.Value.GetProperty("data_offsets")[0].GetInt64()))
        {
            bool isAlpha = tensor.Name.EndsWith(".alpha", StringComparison.Ordinal);
            Assert.Equal(isAlpha ? "F32" : "F8_E4M3", tensor.Value.GetProperty("dtype").GetString());
            long length = tensor.Value.GetProperty("shape").EnumerateArray().Aggregate(isAlpha ? 4L : 1, (product, size) => product * size.GetInt64());
            Assert.Equal(end, tensor.Value.GetProperty("data_offsets")[0].GetInt64());
            Assert.Equal(end += length, tensor.Value.GetProperty("data_offsets")[1].GetInt64());
        }

        Assert.Equal(8 + header + end, bytes.Length);
        Assert.Equal(bytes.Length, result.Size);
        Assert.Contains("_fp8", result.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_can_be_read_and_resized_again()
    {
        ResizeResult first = Run(TestPaths.Golden("lora_a.safetensors"), "spn_lora=1,thr=-0.5", "Float8");
        LoadedLora before = LoadedLora.Open(first.Path);
        DecomposedLayer[] layers = [.. _bench.RunClean("Get-LoraSpectrum $args[0]", first.Path).OutputAs<DecomposedLayer>()];
        Assert.Equal(before.Layers.Count, layers.Length);
        Assert.Equal(1, Math.Sqrt(layers.Sum(layer => layer.FrobeniusNorm * layer.FrobeniusNorm)) / before.Norm, 1e-6);
        Assert.Equal("F8_E4M3, F32", string.Join(' ', _bench.RunClean("(Get-LoraInfo $args[0]).DType", first.Path).OutputAs<object>()));

        foreach ((string precision, string type) in new[] { ("Source", "F8_E4M3"), ("f8", "F8_E4M3"), ("Float16", "F16") })
        {
            ResizeResult again = _bench.RunGrowing($"{Resize} -IncludeResized", first.Path, All, precision, _bench.PathOf(precision)).Only<ResizeResult>();
            var file = ReferenceFile.Open(again.Path);
            Assert.All(file.Names.Where(name => !name.EndsWith(".alpha", StringComparison.Ordinal)), name => Assert.Equal(type, file.DType(name)));
            Assert.Equal(1, again.RelativeError / before.ErrorOf(LoadedLora.Open(again.Path)), 0.01);
            Assert.InRange(again.RelativeError, 0, 0.038);
        }
    }

    [Fact]
    public void Ranks_that_are_filled_up_keep_what_is_there()
    {
        string path = TestPaths.Golden("lora_a.safetensors");
        ResizeResult result = _bench.RunGrowing($"{Resize} -RankMultiple 48", path, All, "Float8", _bench.PathOf("wide")).Only<ResizeResult>();
        LoadedLora output = LoadedLora.Open(result.Path);
        Assert.All(output.Layers.Values, layer => Assert.Equal(0, layer.Up.Columns % 48));
        double error = LoadedLora.Open(path).ErrorOf(output);
        Assert.Equal(1, result.RelativeError / error, 1e-3);
        Assert.InRange(error, 0.01, 0.038);
    }

    [Theory]
    [InlineData("Float8")]
    [InlineData("fp8")]
    public void One_rank_for_all_leaves_alpha_no_room(string precision)
    {
        ExpectedError error = _bench.RunFailing("Invoke-LoraResize $args[0] -Recipe spn_lora=1,thr=-1 -Precision $args[1] -Rank 8", TestPaths.Golden("lora_a.safetensors"), precision);
        error.Is("RankOptionConflict", ErrorCategory.InvalidArgument).EndsTheCall().Mentions("-Rank 8", "-Precision Float16");
    }

    [Fact]
    public void A_file_without_a_place_for_alpha_is_refused()
    {
        string path = _bench.Add("positions.safetensors", new SampleFile()
            .Add("unet:0:up", Matrix.Gaussian(8, 2, new Random(1)))
            .Add("unet:0:down", Matrix.Gaussian(2, 8, new Random(2))));
        _bench.RunFailing("Invoke-LoraResize $args[0] -Recipe spn_lora=1,thr=-1 -Precision Float8", path)
            .Is("AlphaNeeded", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions(path, "unet:0", "-Precision Float16");
    }

    [Fact]
    public void A_file_in_diffusers_names_gets_alphas_and_one_warning()
    {
        for (int i = 0; i < 2; i++)
        {
            _bench.Add($"in/style{i}.safetensors", new SampleFile()
                .Add("unet.mid_block.attentions.0.proj_in.lora_B.weight", Matrix.Gaussian(40, 4, new Random(i)))
                .Add("unet.mid_block.attentions.0.proj_in.lora_A.weight", Matrix.Gaussian(4, 50, new Random(2 + i))));
        }

        RunResult run = _bench.Run("Get-ChildItem $args[0] | Invoke-LoraResize -Recipe spn_lora=1,thr=-1 -Precision Float8", _bench.PathOf("in"));
        Assert.Empty(run.Errors);
        Assert.Contains("diffusers", Assert.Single(run.Warnings, warning => warning.Contains("8 bits", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.All(run.OutputAs<ResizeResult>(), result => Assert.True(ReferenceFile.Open(result.Path).Has("unet.mid_block.attentions.0.proj_in.alpha")));
        Assert.Equal(2, run.Output.Count);
    }

    private static LoadedLora Divided(LoadedLora lora, double factor) => lora.Times(1 / factor);

    private ResizeResult Run(string path, string recipe, string precision)
    {
        RunResult run = _bench.Run(
            "param($Path, $Recipe, $Precision, $Destination, $Checkpoint) Invoke-LoraResize @PSBoundParameters -Force",
            path, recipe, precision, _bench.PathOf($"out-{precision}"), GoldenData.Checkpoint);
        Assert.Empty(run.Errors);
        return run.Only<ResizeResult>();
    }

    private void AssertAccurate(string path)
    {
        ResizeResult result = _bench.Run(Resize, path, All, "Float8", _bench.PathOf("out")).Only<ResizeResult>();
        double error = LoadedLora.Open(path).ErrorOf(LoadedLora.Open(result.Path));
        Assert.InRange(error, 0.01, 0.038);
        Assert.Equal(1, result.RelativeError / error, 1e-3);
    }
}
