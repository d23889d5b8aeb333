using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.RealFiles;

/// <summary>A weight of the real SDXL base model.</summary>
public sealed class RealCheckpointTests : IDisposable
{
    private const string Layer = "lora_te2_text_projection";

    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [RealFilesFact]
    public void Norms_of_the_text_projection()
    {
        _bench.Add("style.safetensors", new SampleFile().AddLora(Layer, 1280, 1280, 4, new Random(1), 4));

        DecomposedLayer layer = _bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint $args[0]", Path.Combine(TestPaths.RealFiles, "sdxl_base_text_projection.safetensors")).Only<DecomposedLayer>();

        Assert.Equal("conditioner.embedders.1.model.text_projection", layer.BaseLayer);
        Assert.Equal(AdapterComponent.TextEncoder2, layer.Component);
        Assert.Equal(1, layer.BaseSpectralNorm!.Value / 2.381725, 1e-4);
        Assert.Equal(23.2570, layer.BaseFrobeniusNorm!.Value, 1e-4);
    }
}
