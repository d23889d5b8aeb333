using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Layers;

public sealed class ParameterTests : IDisposable
{
    private readonly Bench _bench = new();

    [Theory]
    [InlineData("F16", "F16")]
    [InlineData("BF16", "BF16")]
    [InlineData("F32", "F32")]
    public void Precision_source_keeps_the_type_of_the_input(string stored, string expected)
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(stored);
        _bench.Add("style.safetensors", SampleModel.Lora(dtype: dtype));

        ResizeResult result = _bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}' -Precision Source").Only<ResizeResult>();

        ReferenceFile file = ReferenceFile.Open(result.Path);
        Assert.All(file.Names, name => Assert.Equal(expected, file.DType(name)));
    }

    [Fact]
    public void Only_the_wanted_layers_are_decomposed()
    {
        _bench.AddLora();

        Assert.Equal([SampleModel.Unet], _bench.RunClean("Get-LoraSpectrum style.safetensors *attn1_to_q").OutputAs<DecomposedLayer>().Select(layer => layer.Name));
        Assert.Equal(2, _bench.RunClean("Get-LoraSpectrum style.safetensors -Layer lora_TE1*, lora_te2*").Output.Count);
    }

    [Theory]
    [InlineData("net[1].q", "net[1].q")]
    [InlineData("NET[1].Q", "net[1].q")]
    [InlineData("net[0].q", "net[0].q")]
    [InlineData("net1.q", "net1.q")]
    [InlineData("net[12].q", "net1.q")]
    [InlineData("net`[1`].q", "net[1].q")]
    [InlineData("m.[1", "m.[1")]
    public void An_exact_name_comes_before_the_pattern_that_it_would_be(string layer, string expected)
    {
        var random = new Random(5);
        var file = new SampleFile();
        foreach (string name in new[] { "net[0].q", "net[1].q", "net1.q", "m.[1" })
            file.AddLora(name, 12, 10, 4, random, 4);
        _bench.Add("style.safetensors", file);

        Assert.Equal(expected, _bench.RunClean("Get-LoraSpectrum style.safetensors -Layer $args[0]", layer).Only<DecomposedLayer>().Name);
        Assert.Equal(expected, _bench.RunClean("Get-LoraSpectrum style.safetensors | Select-Object * | Get-LoraSpectrum -Layer $args[0]", layer).Only<DecomposedLayer>().Name);
        foreach (string source in new[] { "style.safetensors |", "Get-LoraSpectrum style.safetensors |", "Get-LoraSpectrum style.safetensors | Select-Object * |" })
        {
            string script = source.StartsWith("Get", StringComparison.Ordinal) ? $"{source} Invoke-LoraResize" : "Invoke-LoraResize style.safetensors";
            ReferenceFile output = ReferenceFile.Open(_bench.RunClean($"{script} -Layer $args[0] -Recipe '{Bench.ByItself}' -Force", layer).Only<ResizeResult>().Path);
            Assert.All(output.Names, name => Assert.StartsWith($"{expected}.", name, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_pattern_that_is_none_is_a_name()
    {
        _bench.AddLora();
        _bench.RunFailing("Get-LoraSpectrum style.safetensors -Layer 'm.[1'").Is("LayerNotFound", ErrorCategory.ObjectNotFound).LetsTheCallGoOn().Mentions("m.[1");
    }

    [Theory]
    [InlineData("fp16", "F16")]
    [InlineData("BF16", "BF16")]
    [InlineData("fp32", "F32")]
    [InlineData("f32", "F32")]
    [InlineData("Float32", "F32")]
    [InlineData("bfloat16", "BF16")]
    public void Precisions_have_short_names(string name, string expected)
    {
        _bench.AddLora();

        Assert.Equal(expected, ReferenceFile.Open(_bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}' -Precision {name}").Only<ResizeResult>().Path).DType($"{SampleModel.Unet}.lora_up.weight"));
    }

    [Fact]
    public void A_precision_that_there_is_not_is_named_with_those_there_are()
    {
        _bench.AddLora();

        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}' -Precision fp12").EndsTheCall().Mentions("fp12", "Float16", "BFloat16", "Float8");
    }

    [Fact]
    public void Only_the_wanted_layers_are_resized()
    {
        _bench.AddLora();
        const string resize = $"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}'";
        ResizeResult file = _bench.RunClean($"{resize} -Layer *te1*, *attn1_to_q").Only<ResizeResult>();
        ResizeResult layers = _bench.RunClean($"Get-LoraSpectrum style.safetensors -Layer *te1*, *attn1_to_q | Invoke-LoraResize -Recipe '{Bench.ByItself}' -Destination layers").Only<ResizeResult>();
        ResizeResult filtered = _bench.RunClean($"Get-LoraSpectrum style.safetensors | Invoke-LoraResize -Layer *te1*, *attn1_to_q -Recipe '{Bench.ByItself}' -Destination filtered").Only<ResizeResult>();

        Assert.Equal(2, file.LayerCount);
        Assert.Equal(file.Name, layers.Name);
        Assert.Equal(Bench.Hash(file.Path), Bench.Hash(layers.Path));
        Assert.Equal(Bench.Hash(file.Path), Bench.Hash(filtered.Path));
        Assert.Equal([SampleModel.TextEncoder1, SampleModel.Unet], _bench.RunClean("Get-LoraSpectrum $args[0]", file.Path).OutputAs<DecomposedLayer>().Select(layer => layer.Name));
        Assert.Single(_bench.RunClean($"{resize} -Layer {SampleModel.Unet} -Destination one").Output);
    }

    [Theory]
    [InlineData("Get-LoraSpectrum style.safetensors -Layer foo", "foo")]
    [InlineData($"Get-LoraSpectrum style.safetensors -Layer {SampleModel.Unet}x", $"similar: {SampleModel.Unet}")]
    [InlineData($"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}' -Layer foo", "foo")]
    [InlineData($"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}' -Layer *te1*, foo", "foo")]
    public void A_layer_that_is_named_outright_must_be_there(string script, string mention)
    {
        string path = _bench.AddLora();

        _bench.RunFailing(script).Is("LayerNotFound", ErrorCategory.ObjectNotFound).LetsTheCallGoOn().Mentions(path, mention);
    }

    [Fact]
    public void Other_layers_come_beside_the_error_for_one_that_is_missing()
    {
        _bench.AddLora();
        RunResult result = _bench.Run("Get-LoraSpectrum style.safetensors -Layer foo, *te1*");

        Assert.Single(result.Errors);
        Assert.Single(result.Output);
    }

    [Fact]
    public void Alias_is_the_same_command()
    {
        _bench.AddLora();
        Assert.Single(_bench.RunClean($"Resize-Lora style.safetensors -Recipe '{Bench.ByItself}'").OutputAs<ResizeResult>());
    }

    [Fact]
    public void Each_parameter_says_what_it_is_for() => Assert.Empty(_bench.RunClean("""
        foreach ($command in (Get-Module ResizeLora).ExportedCmdlets.Values) {
            foreach ($set in $command.ParameterSets) {
                foreach ($parameter in $set.Parameters) {
                    if (-not $parameter.HelpMessage -and [System.Management.Automation.Cmdlet]::CommonParameters -notcontains $parameter.Name -and $parameter.Name -notin 'WhatIf', 'Confirm') { "$command -$($parameter.Name)" }
                }
            }
        }
        """).OutputAs<string>());

    [Fact]
    public void Without_a_cache_nothing_is_read_or_left_there()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();

        _bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors -NoCache");
        _bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -NoCache");

        Assert.False(Directory.Exists(_bench.Cache));
    }

    [Theory]
    [InlineData("cuda")]
    [InlineData("cuda:99")]
    [InlineData("gpu")]
    public void A_device_that_is_not_there_ends_the_call_with_the_remedy(string device)
    {
        _bench.AddLora();

        ExpectedError error = _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}' -Device {device}");

        error.Is("TorchDeviceMissing", ErrorCategory.InvalidArgument);
        Assert.True(error.IsTerminating);
        Assert.Contains(device, error.Record.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_processor_can_be_named_as_the_device()
    {
        _bench.AddLora();
        Assert.Equal(4, _bench.RunClean("Get-LoraSpectrum style.safetensors -Device CPU").Output.Count);
    }

    public void Dispose() => _bench.Dispose();
}
