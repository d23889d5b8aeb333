using System.Management.Automation;
using System.Text.Json;
using ResizeLora.Cmdlet.Tests.Completion;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Folder;

/// <summary>Folders as PEFT saves them are inputs and outputs, by whatever path they come.</summary>
public sealed class PeftFolderTests : IDisposable
{
    private const string Output = "style_spnlora1_th-0.3";

    private readonly Bench _bench = new();
    private readonly string _adapter;

    public PeftFolderTests() => _adapter = PeftSample.CopyTo(_bench.PathOf("style"), "plain");

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Invoke-LoraResize style -Recipe $args[0]")]
    [InlineData("Invoke-LoraResize ./style/ -Recipe $args[0]")]
    [InlineData("Invoke-LoraResize -LiteralPath style -Recipe $args[0]")]
    [InlineData("Invoke-LoraResize st* -Recipe $args[0]")]
    [InlineData("Invoke-LoraResize style/adapter_model.safetensors -Recipe $args[0]")]
    [InlineData("Invoke-LoraResize style/adapter_config.json -Recipe $args[0]")]
    [InlineData("Invoke-LoraResize style/* -Recipe $args[0]")]
    [InlineData("Invoke-LoraResize style, style/adapter_model.safetensors -Recipe $args[0]")]
    [InlineData("Get-Item style | Invoke-LoraResize -Recipe $args[0]")]
    [InlineData("'style' | Invoke-LoraResize -Recipe $args[0]")]
    [InlineData("Get-ChildItem -Directory | Where-Object Name -ne cache | Invoke-LoraResize -Recipe $args[0]")]
    [InlineData("Get-ChildItem style | Invoke-LoraResize -Recipe $args[0]")]
    [InlineData("Get-ChildItem -Recurse | Where-Object FullName -notlike *cache* | Invoke-LoraResize -Recipe $args[0]")]
    [InlineData("Get-LoraSpectrum style | New-ResizeRecipe $args[0] | Invoke-LoraResize")]
    [InlineData("Get-LoraSpectrum style, style/adapter_model.safetensors | Invoke-LoraResize -Recipe $args[0]")]
    public void However_it_is_named_the_adapter_is_resized_once(string script)
    {
        File.WriteAllText(_bench.PathOf("style/README.md"), "# A model card");

        ResizeResult result = _bench.RunClean(script, Bench.ByItself).Only<ResizeResult>();

        Assert.Equal((_bench.PathOf(Output), Output, _adapter), (result.Path, result.Name, result.SourcePath));
        Assert.Equal(10, result.SourceLayerCount);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"], Directory.GetFileSystemEntries(result.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Layers_are_scaled_as_the_configuration_says()
    {
        IReadOnlyList<DecomposedLayer> layers = _bench.RunClean("Get-LoraSpectrum style").OutputAs<DecomposedLayer>();

        Dictionary<string, Matrix> expected = PeftSample.Expected("plain");
        Assert.Equal(10, layers.Count);
        Assert.All(layers, layer =>
        {
            Assert.Equal(JacobiSvd.Of(expected[layer.Name["base_model.model.".Length..]]).Values[0], layer.SpectralNorm, 4);
            Assert.Equal((16.0, 4, _adapter), (layer.Alpha, layer.Rank, layer.Path));
        });
    }

    [Fact]
    public void In_a_folder_as_people_have_it_other_folders_are_passed_over_quietly()
    {
        _bench.AddLora("a.safetensors");
        _bench.AddText("notes/readme.txt", "none");

        RunResult result = _bench.RunClean("Get-ChildItem | Invoke-LoraResize -Recipe $args[0] -Verbose", Bench.ByItself);

        Assert.Equal(["a_spnlora1_th-0.3.safetensors", Output], result.OutputAs<ResizeResult>().Select(item => item.Name).Order(StringComparer.Ordinal));
        Assert.Contains(result.Verbose, message => message.Contains(_bench.PathOf("notes"), StringComparison.Ordinal) && message.Contains("skipped", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Invoke-LoraResize notes -Recipe $args[0]")]
    [InlineData("Get-LoraSpectrum -LiteralPath notes")]
    public void A_folder_that_is_named_and_is_none_is_an_error_that_says_what_is_expected(string script)
    {
        Directory.CreateDirectory(_bench.PathOf("notes"));
        _bench.RunFailing(script, Bench.ByItself).Is("PathIsFolder", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions(_bench.PathOf("notes"), "adapter_model.safetensors", "adapter_config.json");
    }

    [Fact]
    public void A_PyTorch_adapter_is_an_error_that_says_what_to_do()
    {
        _bench.AddText("old/adapter_model.bin", "pickled");
        _bench.AddText("old/adapter_config.json", "{}");
        _bench.RunFailing("Invoke-LoraResize old -Recipe $args[0]", Bench.ByItself).Is("PickledAdapter", ErrorCategory.InvalidData).Mentions("save_pretrained");
    }

    [Fact]
    public void A_second_run_skips_it_and_passes_over_what_the_first_has_made()
    {
        const string job = "Get-ChildItem -Directory | Where-Object Name -ne cache | Invoke-LoraResize -Recipe $args[0] -SkipExisting -Verbose";
        _bench.RunClean(job, Bench.ByItself);
        IReadOnlyList<string> before = _bench.Listing();

        RunResult second = _bench.Run(job, Bench.ByItself);

        Assert.Empty(second.Output);
        Assert.Empty(second.Errors);
        Assert.Empty(second.Warnings);
        Assert.Contains(second.Verbose, message => message.StartsWith("Skipped 1 folder made by an earlier run", StringComparison.Ordinal));
        Assert.Contains(second.Verbose, message => message.Contains(_bench.PathOf(Output), StringComparison.Ordinal) && message.EndsWith("skipped.", StringComparison.Ordinal));
        Assert.Equal(before, _bench.Listing());
    }

    [Fact]
    public void A_changed_configuration_is_other_work()
    {
        const string job = "Invoke-LoraResize style -Recipe $args[0] -SkipExisting";
        _bench.RunClean(job, Bench.ByItself);
        string path = _bench.PathOf("style/adapter_config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"lora_alpha\":16", "\"lora_alpha\":32", StringComparison.Ordinal));

        _bench.RunFailing(job, Bench.ByItself).Is("OutputExists", ErrorCategory.ResourceExists);
        Assert.Single(_bench.RunClean(job + " -Force", Bench.ByItself).Output);
    }

    [Fact]
    public void An_output_is_an_input_where_that_is_wanted()
    {
        _bench.RunClean("Invoke-LoraResize style -Recipe $args[0]", Bench.ByItself);

        Assert.Equal(10, _bench.RunClean("Get-Item style_* | Get-LoraSpectrum").Output.Count);
        Assert.Equal(Output + "_spnlora1_th-0.1", _bench.RunClean("Get-Item style_* | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.1' -IncludeResized").Only<ResizeResult>().Name);
        Assert.Equal(10, _bench.RunClean("Invoke-LoraResize style -Recipe $args[0] -Destination out | Get-LoraSpectrum", Bench.ByItself).Output.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-Destination out")]
    public void WhatIf_writes_nothing(string parameters)
    {
        IReadOnlyList<string> before = _bench.Listing();

        Assert.Empty(_bench.RunClean($"Invoke-LoraResize style -Recipe $args[0] -WhatIf {parameters}", Bench.ByItself).Output);

        Assert.Equal(before, _bench.Listing());
    }

    [Fact]
    public void Another_adapter_s_folder_is_never_replaced()
    {
        PeftSample.CopyTo(_bench.PathOf("trained"), "plain");

        _bench.RunFailing("Invoke-LoraResize style -Recipe $args[0] -OutFile trained -Force", Bench.ByItself).Is("OutputIsNotOurs", ErrorCategory.ResourceExists).Mentions(_bench.PathOf("trained"), "was not resized by ResizeLora");
    }

    [Fact]
    public void What_else_is_in_an_output_s_folder_is_never_lost()
    {
        _bench.RunClean("Invoke-LoraResize style -Recipe $args[0]", Bench.ByItself);
        _bench.RunFailing("Invoke-LoraResize style -Recipe $args[0]", Bench.ByItself).Is("OutputExists", ErrorCategory.ResourceExists);
        Assert.Single(_bench.RunClean("Invoke-LoraResize style -Recipe $args[0] -Force", Bench.ByItself).Output);

        File.WriteAllText(_bench.PathOf($"{Output}/notes.txt"), "precious");
        _bench.RunFailing("Invoke-LoraResize style -Recipe $args[0] -Force", Bench.ByItself).Is("FolderHoldsMore", ErrorCategory.ResourceExists).Mentions("notes.txt", _bench.PathOf(Output));
    }

    [Fact]
    public void Two_adapters_of_one_name_are_found_before_any_work()
    {
        PeftSample.CopyTo(_bench.PathOf("other/style"), "patterns");
        _bench.RunFailing("Invoke-LoraResize style, other/style -Recipe $args[0] -Destination out", Bench.ByItself).Is("OutputNameCollision", ErrorCategory.InvalidArgument).EndsTheCall();
    }

    [Fact]
    public void One_that_is_broken_does_not_end_the_work_on_the_others()
    {
        _bench.AddText("broken/adapter_config.json", "{");
        _bench.Add("broken/adapter_model.safetensors", SampleModel.Lora());

        RunResult result = _bench.Run("Invoke-LoraResize broken, style -Recipe $args[0]", Bench.ByItself);

        Assert.Equal(Output, result.Only<ResizeResult>().Name);
        Assert.StartsWith("InvalidPeftConfig,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-LoraSpectrum style -Layer *conv|")]
    [InlineData("Get-LoraSpectrum -LiteralPath style -Layer conv|")]
    public void Names_of_its_layers_are_completed(string line)
    {
        using var completion = new CompletionBench();
        PeftSample.CopyTo(completion.PathOf("style"), "plain");

        Assert.Equal(3, completion.Texts(line).Length);
    }

    [Fact]
    public void The_configuration_of_an_output_is_that_of_what_was_written()
    {
        string folder = _bench.RunClean("Invoke-LoraResize style -Recipe $args[0] -Rank 3", Bench.ByItself).Only<ResizeResult>().Path;

        JsonElement json = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(folder, "adapter_config.json")));
        Assert.Equal((3, 3), (json.GetProperty("r").GetInt32(), json.GetProperty("lora_alpha").GetInt32()));
        Assert.Empty(json.GetProperty("rank_pattern").EnumerateObject());
        Assert.Empty(json.GetProperty("alpha_pattern").EnumerateObject());
    }
}
