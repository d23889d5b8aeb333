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
