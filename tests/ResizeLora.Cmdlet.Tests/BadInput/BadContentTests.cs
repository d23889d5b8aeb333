using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>NaN and infinity are found, and the layer that holds them is named.</summary>
public sealed class BadContentTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(double.NaN, "lora_up.weight")]
    [InlineData(double.NaN, "lora_down.weight")]
    [InlineData(double.PositiveInfinity, "lora_up.weight")]
    [InlineData(double.NegativeInfinity, "lora_down.weight")]
    [InlineData(double.NaN, "alpha")]
    [InlineData(double.PositiveInfinity, "alpha")]
    public void Layer_that_is_not_finite(double value, string tensor)
    {
        string path = _bench.Add("style.safetensors", SampleModel.LoraWith(value, SampleModel.UnetFeedForward, tensor));

        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe $args[0]", Bench.ByItself)
            .Is("NonFiniteValue", ErrorCategory.InvalidData)
            .LetsTheCallGoOn()
            .Mentions(path, SampleModel.UnetFeedForward, $"{SampleModel.UnetFeedForward}.{tensor}");
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Base_layer_that_is_not_finite(double value)
    {
        _bench.AddLora();
        string path = _bench.Add("base.safetensors", SampleModel.CheckpointWith(value));

        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors")
            .Is("NonFiniteValue", ErrorCategory.InvalidData)
            .Mentions(path, SampleModel.BaseNames[SampleModel.Unet]);
    }

    [Fact]
    public void Spectrum_of_a_layer_that_is_not_finite()
    {
        string path = _bench.Add("style.safetensors", SampleModel.LoraWith(double.NaN, SampleModel.TextEncoder2, "lora_up.weight"));

        RunResult result = _bench.Run("Get-LoraSpectrum style.safetensors");

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("NonFiniteValue", ErrorCategory.InvalidData).Mentions(path, SampleModel.TextEncoder2);
        Assert.DoesNotContain(result.OutputAs<DecomposedLayer>(), layer => layer.Name == SampleModel.TextEncoder2);
    }
}
