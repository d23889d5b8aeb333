using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>Layers without a partner in the checkpoint.</summary>
public sealed class UnmatchedLayerTests : IDisposable
{
    private static readonly string[] Parts = ["lora_up.weight", "lora_down.weight", "alpha"];

    private readonly Bench _bench = new();

    public UnmatchedLayerTests()
    {
        _bench.AddCheckpoint();
        _bench.Add("style.safetensors", SampleModel.Lora().AddLora(SampleModel.Stranger, 16, 12, 6, new Random(9), 3));
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("-UnmatchedLayer Keep")]
    public void Kept_unchanged_with_a_warning(string parameters)
    {
        (ReferenceFile output, string warning) = Resize(parameters);

        var input = ReferenceFile.Open(_bench.PathOf("style.safetensors"));
        foreach (string part in Parts)
        {
            string name = $"{SampleModel.Stranger}.{part}";
            Assert.Equal("F32", output.DType(name));
            Assert.Equal(input.Shape(name), output.Shape(name));
            Assert.Equal(input.Bytes(name), output.Bytes(name));
        }

        Assert.Contains(SampleModel.Stranger, warning, StringComparison.Ordinal);
        Assert.Equal("F16", output.DType($"{SampleModel.Unet}.lora_up.weight"));
    }

    [Fact]
    public void Dropped_with_a_warning()
    {
        (ReferenceFile output, string warning) = Resize("-UnmatchedLayer Drop");

        Assert.DoesNotContain(output.Names, name => name.StartsWith(SampleModel.Stranger, StringComparison.Ordinal));
        Assert.True(output.Has($"{SampleModel.Unet}.lora_up.weight"));
        Assert.Contains(SampleModel.Stranger, warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_and_nothing_written() =>
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -UnmatchedLayer Error")
            .Is("UnmatchedLayer", ErrorCategory.InvalidData)
            .LetsTheCallGoOn()
            .Mentions(_bench.PathOf("style.safetensors"), _bench.PathOf("base.safetensors"), SampleModel.Stranger);

    /// <summary>As a control LoRA has it, whose first layer has more inputs than that of the base.</summary>
    [Theory]
    [InlineData("Keep", "kept unchanged")]
    [InlineData("Drop", "left out")]
    public void A_layer_of_another_size_has_no_partner(string choice, string fate)
    {
        _bench.Add("other.safetensors", SampleModel.OtherCheckpoint(SampleModel.Unet));
        RunResult result = _bench.Run($"Invoke-LoraResize style.safetensors -Checkpoint other.safetensors -UnmatchedLayer {choice}");

        Assert.Empty(result.Errors);
        var output = ReferenceFile.Open(result.Only<ResizeResult>().Path);
        Assert.Equal(choice == "Keep" ? "F32" : null, output.Has($"{SampleModel.Unet}.lora_up.weight") ? output.DType($"{SampleModel.Unet}.lora_up.weight") : null);
        Assert.Equal("F16", output.DType($"{SampleModel.TextEncoder1}.lora_up.weight"));
        string warning = Assert.Single(result.Warnings);
        Assert.All(["2 layers", fate, SampleModel.Unet, "24 x 20", "24 x 21", SampleModel.Stranger], text => Assert.Contains(text, warning, StringComparison.Ordinal));
    }

    [Fact]
    public void A_layer_of_another_size_can_be_an_error()
    {
        _bench.Add("other.safetensors", SampleModel.OtherCheckpoint(SampleModel.Unet));

        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint other.safetensors -UnmatchedLayer Error")
            .Is("UnmatchedLayer", ErrorCategory.InvalidData)
            .Mentions(SampleModel.Unet, "24 x 20", "24 x 21");
    }

    [Fact]
    public void Spectrum_of_a_layer_of_another_size_has_no_base_and_a_warning_says_why()
    {
        _bench.Add("other.safetensors", SampleModel.OtherCheckpoint(SampleModel.Unet));
        RunResult result = _bench.Run("Get-LoraSpectrum style.safetensors -Checkpoint other.safetensors");

        DecomposedLayer layer = result.OutputAs<DecomposedLayer>().Single(layer => layer.Name == SampleModel.Unet);
        Assert.Equal((null, null, AdapterComponent.Unet), (layer.BaseLayer, layer.BaseSpectralNorm, layer.Component));
        string warning = Assert.Single(result.Warnings);
        Assert.All(["2 layers", "style.safetensors", SampleModel.Unet, "24 x 20", "24 x 21", SampleModel.Stranger], text => Assert.Contains(text, warning, StringComparison.Ordinal));
    }

    /// <summary>To an adapter with flat names both are the same layer.</summary>
    [Fact]
    public void A_name_of_two_layers_is_kept_with_a_warning()
    {
        var random = new Random(3);
        _bench.Add("double.safetensors", SampleModel.Checkpoint()
            .Add("model.diffusion_model.a.b_c.weight", Testing.Matrix.Gaussian(16, 12, random))
            .Add("model.diffusion_model.a_b.c.weight", Testing.Matrix.Gaussian(16, 12, random)));
        _bench.Add("twice.safetensors", SampleModel.Lora().AddLora("lora_unet_a_b_c", 16, 12, 6, random, 3));

        RunResult result = _bench.Run("Invoke-LoraResize twice.safetensors -Checkpoint double.safetensors");

        Assert.Empty(result.Errors);
        Assert.Equal("F32", ReferenceFile.Open(result.Only<ResizeResult>().Path).DType("lora_unet_a_b_c.lora_up.weight"));
        string warning = Assert.Single(result.Warnings);
        Assert.All(["lora_unet_a_b_c", "a.b_c.weight", "a_b.c.weight"], text => Assert.Contains(text, warning, StringComparison.Ordinal));
    }

    [Fact]
    public void Pairs_of_tensors_that_nobody_knows_are_copied_and_counted()
    {
        var random = new Random(4);
        _bench.Add("strange.safetensors", SampleModel.Lora()
            .Add("unet.a.lora_embedding_A", Testing.Matrix.Gaussian(4, 32, random))
            .Add("unet.a.lora_embedding_B", Testing.Matrix.Gaussian(16, 4, random))
            .Add("emb_params", Testing.Matrix.Gaussian(4, 32, random)));

        RunResult result = _bench.Run("Invoke-LoraResize strange.safetensors -Checkpoint base.safetensors");

        Assert.Equal(ReferenceFile.Open(_bench.PathOf("strange.safetensors")).Bytes("unet.a.lora_embedding_A"), ReferenceFile.Open(result.Only<ResizeResult>().Path).Bytes("unet.a.lora_embedding_A"));
        string warning = Assert.Single(result.Warnings);
        Assert.All(["strange.safetensors", "1 pair", "unet.a.lora_embedding_A", "unet.a.lora_embedding_B", "copied"], text => Assert.Contains(text, warning, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_of_nothing_but_such_pairs_says_so()
    {
        var random = new Random(4);
        _bench.Add("strange.safetensors", new Testing.SampleFile().Add("a.left", Testing.Matrix.Gaussian(16, 4, random)).Add("a.right", Testing.Matrix.Gaussian(4, 32, random)));

        _bench.RunFailing("Get-LoraSpectrum strange.safetensors").Is("NoLoraLayers", ErrorCategory.InvalidData).Mentions("1 pair", "a.left", "a.right");
    }

    [Fact]
    public void Recipe_without_base_resizes_it_like_any_other()
    {
        RunResult result = _bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe $args[0]", Bench.ByItself);

        Assert.Equal("F16", ReferenceFile.Open(result.Only<ResizeResult>().Path).DType($"{SampleModel.Stranger}.lora_up.weight"));
    }

    [Fact]
    public void Warned_of_once_whatever_the_number_of_recipes()
    {
        RunResult result = _bench.Run("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2:spn_ckpt=1,thr=-1.1'");

        Assert.Equal(2, result.Output.Count);
        Assert.Single(result.Warnings);
    }

    [Fact]
    public void Size_counts_it()
    {
        ResizeResult result = _bench.Run("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,size=0.01'").Only<ResizeResult>();

        Assert.True(new FileInfo(result.Path).Length <= 0.01 * 1048576);
        Assert.True(ReferenceFile.Open(result.Path).Has($"{SampleModel.Stranger}.alpha"));
    }

    private (ReferenceFile Output, string Warning) Resize(string parameters)
    {
        RunResult result = _bench.Run($"Invoke-LoraResize style.safetensors -Checkpoint base.safetensors {parameters}");
        Assert.Empty(result.Errors);
        return (ReferenceFile.Open(result.Only<ResizeResult>().Path), Assert.Single(result.Warnings));
    }
}
