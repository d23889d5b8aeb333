using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>One warning says that outputs are no smaller than their inputs, or have little left of them, and why.</summary>
public sealed class ReviewTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("-Recipe 'spn_lora=1,thr=-20'", "the recipe keeps every singular value. Raise thr or give a size.")]
    [InlineData("-Recipe 'spn_lora=1,size=30'", "the recipe keeps every singular value. Give a smaller size.")]
    [InlineData("-Recipe 'spn_lora=1,thr=-20,size=30'", "the recipe keeps every singular value. Raise thr or give a smaller size.")]
    [InlineData("-Recipe 'spn_lora=1,thr=-20,rescale=2'", "the recipe keeps every singular value.")]
    [InlineData("-Recipe 'spn_lora=1,thr=-20' -Precision Float32", "-Precision Float32 takes more room than F16, in which the input is stored. Use -Precision Float16 or Source, or raise thr or give a size.")]
    [InlineData("-Recipe 'spn_lora=1,thr=-0.3' -Rank 300", "Rank=300 raises ranks. Choose lower ranks, or raise thr or give a size.")]
    public void What_is_no_smaller_is_said_with_the_reason_that_fits(string options, string reason)
    {
        _bench.Add("style.safetensors", SampleModel.Lora(dtype: SafetensorsDType.F16));
        string path = _bench.Run($"Invoke-LoraResize style.safetensors {options} -WhatIf -PassThru").Only<ResizeResult>().Path;

        foreach ((string whatIf, string verb) in new[] { ("-WhatIf", "would"), ("", "did") })
        {
            string warning = Assert.Single(_bench.Run($"Invoke-LoraResize style.safetensors {options} {whatIf}").Warnings);
            Assert.StartsWith($"1 file {verb} not get smaller: '{path}' (", warning, StringComparison.Ordinal);
            Assert.Contains(reason, warning, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Full_weights_that_take_more_room_as_LoRA_are_named()
    {
        var random = new Random(1);
        _bench.Add("full.safetensors", new SampleFile().Add($"{SampleModel.Unet}.diff", Matrix.Gaussian(24, 20, random), SafetensorsDType.F16));

        Assert.Contains("as LoRA, layers of the type ", Assert.Single(_bench.Run("Invoke-LoraResize full.safetensors -Recipe 'spn_lora=1,thr=-20'").Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Many_files_make_one_warning()
    {
        for (int seed = 1; seed <= 3; seed++)
            _bench.Add($"style{seed}.safetensors", SampleModel.Lora(seed, dtype: SafetensorsDType.F16));

        Assert.StartsWith("3 files did not get smaller, such as '", Assert.Single(_bench.Run("Invoke-LoraResize style?.safetensors -Recipe 'spn_lora=1,thr=-20'").Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_that_a_size_leaves_out_are_said()
    {
        _bench.Add("style.safetensors", SampleModel.Lora(dtype: SafetensorsDType.F16));
        string message = _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe 'spn_ckpt=0.001,spn_lora=1,params=1,size=0.0001'").Record.Exception.Message;
        Assert.Contains("-Checkpoint", message, StringComparison.Ordinal);

        string smallest = Smallest("spn_lora=1,size=0.0001");
        RunResult result = _bench.Run($"Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size={smallest}'");

        ResizeResult only = result.Only<ResizeResult>();
        Assert.True(only.LayerCount < only.SourceLayerCount);
        string warning = Assert.Single(result.Warnings);
        Assert.StartsWith("1 file keeps little of the LoRA: '", warning, StringComparison.Ordinal);
        Assert.Contains($"{only.SourceLayerCount - only.LayerCount} of {only.SourceLayerCount} layers are left out, because the size has no room for them", warning, StringComparison.Ordinal);
        Assert.Contains("Raise the size.", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_error_is_said()
    {
        var random = new Random(1);
        _bench.Add("flat.safetensors", new SampleFile().AddLora(SampleModel.Unet, 300, 300, 256, random));

        string warning = Assert.Single(_bench.Run("Invoke-LoraResize flat.safetensors -Recipe 'spn_lora=1,thr=-0.01'").Warnings);
        Assert.Matches(@"the relative error is 0\.9\d\. Lower thr\.$", warning);
    }

    [Fact]
    public void What_is_left_out_by_a_threshold_is_meant() =>
        Assert.Empty(WithCheckpoint().Warnings);

    private RunResult WithCheckpoint()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
        return _bench.Run("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.0'");
    }

    /// <summary>What the error about a size that is too small says that would do.</summary>
    private string Smallest(string recipe)
    {
        string message = _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe '{recipe}'").Record.Exception.Message;
        return System.Text.RegularExpressions.Regex.Match(message, @"[Rr]aise size to ([\d.]*\d)").Groups[1].Value;
    }
}
