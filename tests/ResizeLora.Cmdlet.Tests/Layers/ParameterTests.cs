using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;

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
        Assert.True(SafetensorsDTypes.TryParse(stored, out SafetensorsDType dtype));
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
        Assert.Empty(_bench.RunClean("Get-LoraSpectrum style.safetensors -Layer nothing").Output);
    }

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
