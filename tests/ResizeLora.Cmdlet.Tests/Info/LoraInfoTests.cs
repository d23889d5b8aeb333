using System.Globalization;
using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Shell;
using ResizeLora.Cmdlet.Tests.Stopping;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Info;

/// <summary>Get-LoraInfo tells what a file is by its header alone.</summary>
public sealed class LoraInfoTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Layers_ranks_and_types_are_counted()
    {
        SampleFile file = SampleModel.AddLayers(new SampleFile(), rank: 8, dtype: SafetensorsDType.F16)
            .AddLora("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", 640, 2048, 4, new Random(1), 2)
            .AddRaw("lora_unet_conv_in.diff_b", SafetensorsDType.F32, [4], new byte[16]);
        string path = _bench.Add("style.safetensors", file);

        LoraInfo info = Read();

        Assert.Equal(("style.safetensors", path, new FileInfo(path).Length), (info.Name, info.Path, info.Size));
        Assert.Equal(("LoRA", "kohya", "SDXL"), (info.Type, info.Style, info.FamilyGuess));
        Assert.Equal(["SDXL"], info.FamilyCandidates);
        Assert.Equal((5, 4, 8, 8), (info.LayerCount, info.MinimumRank, info.MedianRank, info.MaximumRank));
        Assert.Equal(("in a tensor of each layer", "F16, F32", 1), (info.Alpha, info.DType, info.OtherTensorCount));
        Assert.Equal(
            [
                "Unet attention k: 1, rank 4", "Unet attention q: 1, rank 8", "Unet feed-forward: 1, rank 8",
                "TextEncoder1 feed-forward: 1, rank 8", "TextEncoder2 feed-forward: 1, rank 8",
            ],
            info.Layers.Select(layers => layers.ToString()));
        Assert.False(info.IsResized);
        Assert.Empty(info.Problems);
        Assert.Empty(info.Metadata);
        Assert.Null(info.Title);
        Assert.Null(info.ResizeRecipe);
    }

    [Fact]
    public void Metadata_of_trainers_are_properties()
    {
        SampleFile file = SampleModel.Lora()
            .AddMetadata("modelspec.title", "My style")
            .AddMetadata("ss_output_name", "my_style")
            .AddMetadata("modelspec.author", "somebody")
            .AddMetadata("modelspec.date", "2024-05-06T07:08:09Z")
            .AddMetadata("modelspec.trigger_phrase", "abc style, def")
            .AddMetadata("modelspec.architecture", "stable-diffusion-xl-v1-base/lora")
            .AddMetadata("ss_sd_model_name", "sd_xl_base_1.0.safetensors")
            .AddMetadata("ss_network_alpha", "16.0")
            .AddMetadata("ss_network_dim", "32")
            .AddMetadata("ss_network_module", "networks.lora")
            .AddMetadata("ss_seed", "None")
            .AddMetadata("ss_tag_frequency", """{"10_style": {"cat": 3, " dog": 5}, "reg": {"cat": 4}}""")
            .AddMetadata("sshs_model_hash", "abcdef")
            .AddMetadata("sshs_legacy_hash", "0123");
        _bench.Add("style.safetensors", file);

        LoraInfo info = Read();

        Assert.Equal(("My style", "somebody", "16.0"), (info.Title, info.Author, info.Alpha));
        Assert.Equal(new DateTime(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc).ToLocalTime(), info.Date);
        Assert.Equal(("sd_xl_base_1.0.safetensors", "stable-diffusion-xl-v1-base/lora"), (info.BaseModel, info.Architecture));
        Assert.Equal(["abc style", "def"], info.TriggerWords);
        Assert.Equal(["cat", "dog"], info.Tags);
        Assert.Equal(("abcdef", "0123"), (info.ModelHash, info.LegacyHash));
        Assert.Equal("networks.lora", info.TrainingSettings["NetworkModule"]);
        Assert.DoesNotContain("Seed", info.TrainingSettings.Keys);
        Assert.Equal("my_style", info.Metadata["ss_output_name"]);
    }

    [Theory]
    [InlineData("ss_training_finished_at", "1700000000.5")]
    [InlineData("modelspec.date", "2023-11-14T22:13:20.5+00:00")]
    public void Dates_are_read_in_any_way_of_writing_them(string key, string value)
    {
        _bench.Add("style.safetensors", SampleModel.Lora().AddMetadata(key, value));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_500).LocalDateTime, Read().Date);
    }

    [Theory]
    [InlineData("ss_tag_frequency", "[1, 2]")]
    [InlineData("ss_tag_frequency", "{\"a\": null, \"b\": {\"c\": \"d\"}}")]
    [InlineData("ss_tag_frequency", "not json")]
    [InlineData("modelspec.date", "yesterday")]
    [InlineData("ss_training_finished_at", "1e300")]
    [InlineData("ss_training_finished_at", "NaN")]
    [InlineData("lora_adapter_metadata", "[]")]
    [InlineData("resize_params", "{\"recipe\": 5}")]
    [InlineData("resize_params", "[]")]
    [InlineData("resize_params", "{\"recipe\": \"\\ud800\", \"threshold\": \"x\"}")]
    [InlineData("ss_tag_frequency", "{\"a\": {\"\\ud800\": 1}}")]
    public void What_is_wrong_in_the_metadata_is_left_out(string key, string value)
    {
        _bench.Add("style.safetensors", SampleModel.Lora().AddMetadata(key, value));
        LoraInfo info = Read();
        Assert.Null(info.Date);
        Assert.Empty(info.Tags);
        Assert.Null(info.ResizeRecipe);
        Assert.Equal(value, info.Metadata[key]);
    }

    [Fact]
    public void Results_tell_how_they_were_made()
    {
        _bench.AddLora();
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -Precision BFloat16");

        LoraInfo info = _bench.RunClean("Get-LoraInfo style_*").Only<LoraInfo>();

        Assert.True(info.IsResized);
        Assert.Equal(("spn_lora=1,thr=-0.3", "BFloat16", "style.safetensors"), (info.ResizeRecipe, info.ResizePrecision, info.ResizedFrom));
        Assert.Equal(-0.3, info.ResizeThreshold);
        Assert.Equal(64, info.ModelHash!.Length);
    }

    [Fact]
    public void Types_and_what_can_not_be_read_are_told_with_the_reason()
    {
        var random = new Random(1);
        SampleFile file = SampleModel.Lora()
            .Add("lora_unet_mid_block_attentions_0_proj_in.lokr_w1", Matrix.Gaussian(4, 4, random))
            .Add("lora_unet_mid_block_attentions_0_proj_in.lokr_w2", Matrix.Gaussian(8, 8, random))
            .Add("lora_unet_mid_block_attentions_0_proj_out.oft_blocks", Matrix.Gaussian(4, 4, random), SafetensorsDType.F32, 1, 4, 4)
            .Add("lora_unet_conv_out.lora_up.weight", Matrix.Gaussian(4, 2, random));
        _bench.Add("style.safetensors", file);

        LoraInfo info = Read();

        Assert.Equal(("LoRA, LoKr", 5), (info.Type, info.LayerCount));
        Assert.Equal(2, info.Problems.Count);
        LoraProblem oft = info.Problems.Single(problem => problem.Reason.Contains("OFT", StringComparison.Ordinal));
        Assert.Equal((1, "lora_unet_mid_block_attentions_0_proj_out"), (oft.Count, oft.Example));
        Assert.Contains(info.Problems, problem => problem.Reason.Contains("half a pair", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_of_which_nothing_can_be_resized_still_has_information()
    {
        _bench.Add("style.safetensors", new SampleFile().Add("lora_unet_conv_in.oft_blocks", Matrix.Gaussian(4, 4, new Random(1)), SafetensorsDType.F32, 1, 4, 4));
        LoraInfo info = Read();
        Assert.Equal((0, 0, "Unknown"), (info.LayerCount, info.MaximumRank, info.FamilyGuess));
        Assert.Single(info.Problems);
        Assert.Contains("OFT", _bench.RunClean("Get-LoraInfo style.safetensors | Out-String").Only<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-LoraInfo *.safetensors")]
    [InlineData("Get-LoraInfo style.safetensors, other.safetensors")]
    [InlineData("Get-LoraInfo -LiteralPath style.safetensors, other.safetensors")]
    [InlineData("Get-ChildItem *.safetensors | Get-LoraInfo")]
    [InlineData("'style.safetensors', 'other.safetensors' | Get-LoraInfo")]
    public void Files_come_by_path_and_pipeline(string script)
    {
        _bench.AddLora();
        _bench.AddLora("other.safetensors");
        Assert.Equal(["other.safetensors", "style.safetensors"], _bench.RunClean(script).OutputAs<LoraInfo>().Select(info => info.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Get-LoraInfo style")]
    [InlineData("Get-LoraInfo style/adapter_model.safetensors")]
    [InlineData("Get-ChildItem -Recurse | Get-LoraInfo")]
    public void A_folder_of_an_adapter_is_one_with_what_its_configuration_says(string script)
    {
        string folder = PeftSample.CopyTo(_bench.PathOf("style"), "plain", json => json["base_model_name_or_path"] = "somebody/model");

        LoraInfo info = _bench.RunClean(script).Only<LoraInfo>();

        Assert.Equal(("style", folder, new FileInfo(Path.Combine(folder, PeftSample.WeightsName)).Length), (info.Name, info.Path, info.Size));
        Assert.Equal((10, "16", "somebody/model", "PEFT"), (info.LayerCount, info.Alpha, info.BaseModel, info.Style));
    }

    [Fact]
    public void A_configuration_in_the_header_tells_alpha_and_the_base_model()
    {
        _bench.Add("style.safetensors", new SampleFile()
            .Add("transformer.transformer_blocks.0.attn.to_q.lora_A.weight", Matrix.Gaussian(4, 3072, new Random(1)))
            .Add("transformer.transformer_blocks.0.attn.to_q.lora_B.weight", Matrix.Gaussian(3072, 4, new Random(2)))
            .AddMetadata("lora_adapter_metadata", """{"transformer.r": 4, "transformer.lora_alpha": 2, "transformer.base_model_name_or_path": "somebody/model"}"""));

        LoraInfo info = Read();

        Assert.Equal(("2", "somebody/model"), (info.Alpha, info.BaseModel));
        Assert.Equal(["Flux.1", "Flux.2", "HunyuanVideo", "Qwen-Image"], info.FamilyCandidates);
        Assert.Equal("Flux.1 or Flux.2 or HunyuanVideo or Qwen-Image", info.FamilyGuess);
    }

    [Fact]
    public void Alpha_that_was_left_behind_and_names_that_nobody_knows_are_told()
    {
        string folder = PeftSample.CopyTo(_bench.PathOf("style"), "plain");
        File.Delete(Path.Combine(folder, PeftSample.ConfigurationName));
        Assert.Contains("adapter_config.json is missing", _bench.RunClean("Get-LoraInfo style/adapter_model.safetensors").Only<LoraInfo>().Alpha, StringComparison.Ordinal);

        _bench.Add("style.safetensors", SampleModel.Lora()
            .Add("somebody.elses.new_left.weight", Matrix.Gaussian(32, 4, new Random(1)))
            .Add("somebody.elses.new_right.weight", Matrix.Gaussian(4, 32, new Random(2))));
        LoraProblem problem = Assert.Single(Read().Problems);
        Assert.Equal((1, "somebody.elses.new_left.weight"), (problem.Count, problem.Example));
    }

    [Theory]
    [InlineData("modelspec.architecture", "stable-diffusion-xl-v1-base/lora", "SDXL")]
    [InlineData("ss_base_model_version", "sdxl_base_v1-0", "SDXL")]
    [InlineData("modelspec.architecture", "flux-1-dev/lora", "Flux.1")]
    [InlineData("modelspec.architecture", "something-new", "Unknown")]
    public void The_architecture_in_the_metadata_is_a_hint_where_names_leave_the_family_open(string key, string architecture, string family)
    {
        var random = new Random(1);
        _bench.Add("style.safetensors", new SampleFile().AddLora(SampleModel.TextEncoder1, 32, 12, 4, random).AddMetadata(key, architecture));
        Assert.Equal(family, Read().FamilyGuess);
    }

    [Fact]
    public void Folders_of_something_else_are_errors_when_they_are_named()
    {
        Directory.CreateDirectory(_bench.PathOf("empty"));
        _bench.RunFailing("Get-LoraInfo empty").Is("PathIsFolder", ErrorCategory.InvalidArgument).Mentions("empty", "adapter_config.json");

        PeftSample.CopyTo(_bench.PathOf("style"), "plain", json => json["peft_type"] = "OFT");
        _bench.RunFailing("Get-LoraInfo style").Is("UnsupportedPeftType", ErrorCategory.InvalidData).Mentions("adapter_config.json", "OFT");
    }

    [Fact]
    public void Bad_files_are_errors_of_their_own()
    {
        _bench.AddLora();
        string checkpoint = _bench.AddCheckpoint();
        string page = _bench.AddText("page.safetensors", "<!DOCTYPE html><html>");

        RunResult result = _bench.Run("Get-LoraInfo base.safetensors, page.safetensors, missing.safetensors, style.safetensors");

        Assert.Equal("style.safetensors", result.Only<LoraInfo>().Name);
        Assert.Collection(
            result.Errors,
            error => new ExpectedError(error, result.IsTerminated).Is("NoLoraLayers", ErrorCategory.InvalidData).LetsTheCallGoOn().Mentions(checkpoint, "a checkpoint", "not a LoRA"),
            error => new ExpectedError(error, result.IsTerminated).Is("InvalidSafetensors", ErrorCategory.InvalidData).Mentions(page, "a web page"),
            error => new ExpectedError(error, result.IsTerminated).Is("FileNotFound", ErrorCategory.ObjectNotFound).Mentions("missing.safetensors"));
    }

    [Fact]
    public void The_view_is_a_list_of_what_is_there_and_shows_texts_as_a_console_may_show_them()
    {
        _bench.Add("style.safetensors", SampleModel.Lora().AddMetadata("modelspec.title", "red \u001b[31mtitle").AddMetadata("modelspec.description", "\u202Ebackwards"));

        string text = _bench.RunClean("Set-StrictMode -Version Latest; Get-LoraInfo style.safetensors | Out-String").Only<string>();

        Assert.Matches(@"Title +: red \?\[31mtitle", text);
        Assert.Contains("?backwards", text, StringComparison.Ordinal);
        Assert.Matches(@"Rank +: 8", text);
        Assert.Contains("Unet attention q: 1, rank 8", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Author", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Resize", text.Replace("IsResized", string.Empty, StringComparison.Ordinal).Replace("ResizeLora.Tests", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_are_text_in_one_cell()
    {
        _bench.AddLora();
        Assert.StartsWith("Unet attention q: 1, rank 8;Unet feed-forward: 1, rank 8;", Read().Layers.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_header_is_read()
    {
        if (!OperatingSystem.IsLinux())
            return;

        LongWork.LargeRest(_bench.PathOf("style.safetensors"), gibibytes: 4);
        _bench.AddLora("first.safetensors");
        _bench.RunClean("Get-LoraInfo first.safetensors");
        long before = BytesRead();

        LoraInfo info = Read();

        // The whole process: the runtime may read some code meanwhile.
        Assert.InRange(BytesRead() - before, 0, 16 << 20);
        Assert.True(info.Size > 4L << 30);
    }

    [Fact]
    public void Libtorch_is_not_loaded()
    {
        using var shell = new ShellProcess();
        SampleModel.Lora().Write(Path.Combine(shell.Folder, "style.safetensors"));

        ShellOutcome outcome = shell.RunScript("""
            (Get-LoraInfo style.safetensors).LayerCount
            [AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName().Name }
            [System.Diagnostics.Process]::GetCurrentProcess().Modules | ForEach-Object { $_.ModuleName }
            """);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal("4", outcome.OutputLines[0]);
        Assert.Contains("ResizeLora.Core", outcome.OutputLines);
        Assert.DoesNotContain(outcome.OutputLines, line => line.Contains("torch", StringComparison.OrdinalIgnoreCase));
    }

    private LoraInfo Read() => _bench.RunClean("Get-LoraInfo style.safetensors").Only<LoraInfo>();

    private static long BytesRead() => long.Parse(File.ReadLines("/proc/self/io").First()["rchar: ".Length..], CultureInfo.InvariantCulture);
}
