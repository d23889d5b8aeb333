using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>The same input gives the same bytes.</summary>
public sealed class RepeatabilityTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("-ThrottleLimit 1", "-ThrottleLimit 4")]
    [InlineData("", "")]
    [InlineData("-Precision BFloat16 -ThrottleLimit 4", "-Precision BFloat16 -ThrottleLimit 1")]
    public void Same_bytes_whatever_the_number_of_threads(string first, string second)
    {
        _bench.AddCheckpoint();
        var random = new Random(4);
        SampleFile lora = SampleModel.Lora();
        for (int i = 0; i < 12; i++)
            lora.AddLora($"lora_unet_output_blocks_{i}_0_emb_layers_1", 100 + i, 60 + i, 16, random, 8);
        _bench.Add("style.safetensors", lora);

        foreach ((string parameters, string destination) in new[] { (first, "first"), (second, "second") })
            Assert.Empty(_bench.Run($"Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,subspace=0.5,thr=-1.2:spn_lora=1,size=0.05:fro_lora=1,thr=-0.5' -Destination {destination} {parameters}; Clear-SpectralNormCache").Errors);

        Assert.Equal(3, _bench.Names("first").Count);
        Assert.Equal(_bench.Names("first"), _bench.Names("second"));
        Assert.All(_bench.Names("first"), name => Assert.Equal(Bench.Hash(_bench.PathOf($"first/{name}")), Bench.Hash(_bench.PathOf($"second/{name}"))));
    }

    [Fact]
    public void Recipes_together_give_what_they_give_alone()
    {
        _bench.AddLora();
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3:fro_lora=1,thr=-0.5' -Destination together");
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -Destination alone; Invoke-LoraResize style.safetensors -Recipe 'fro_lora=1,thr=-0.5' -Destination alone");

        Assert.Equal(_bench.Names("together"), _bench.Names("alone"));
        Assert.All(_bench.Names("together"), name => Assert.Equal(Bench.Hash(_bench.PathOf($"together/{name}")), Bench.Hash(_bench.PathOf($"alone/{name}"))));
    }

    [Fact]
    public void Result_says_what_the_file_is()
    {
        string path = _bench.AddLora();

        ResizeResult result = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0]", Bench.ByItself).Only<ResizeResult>();

        Assert.Equal(new FileInfo(result.Path).Length, result.Size);
        Assert.Equal(new FileInfo(path).Length, result.SourceSize);
        Assert.Equal(32, result.SourceRank);
        Assert.Equal(ReferenceFile.Open(result.Path).Names.Where(name => name.EndsWith(".lora_down.weight", StringComparison.Ordinal)).Sum(name => ReferenceFile.Open(result.Path).Shape(name)[0]), result.Rank);
    }
}
