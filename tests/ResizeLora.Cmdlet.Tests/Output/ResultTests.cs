using System.Diagnostics;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>What results tell, of what was written and of what would be.</summary>
public sealed class ResultTests : IDisposable
{
    private readonly Bench _bench = new();

    public ResultTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Results_tell_the_checkpoint_the_precision_and_how_long_it_took()
    {
        long begin = Stopwatch.GetTimestamp();
        ResizeResult result = _bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Precision bf16").Only<ResizeResult>();

        Assert.Equal([_bench.PathOf("base.safetensors")], result.Checkpoint);
        Assert.Equal(_bench.PathOf("base.safetensors"), result.Checkpoint.ToString());
        Assert.Equal(ResizePrecision.BFloat16, result.Precision);
        Assert.InRange(result.Duration, TimeSpan.FromTicks(1), Stopwatch.GetElapsedTime(begin));
        Assert.True(result.IsWritten);
    }

    [Fact]
    public void A_checkpoint_that_the_recipe_does_not_look_at_is_not_told() =>
        Assert.Empty(_bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_lora=1,thr=-0.3'").Only<ResizeResult>().Checkpoint);

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2:spn_lora=1,size=0.006'")]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2:spn_lora=1,size=0.006' -Destination out")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors | Invoke-LoraResize -Recipe 'spn_ckpt=1,thr=-1.2:spn_lora=1,size=0.006'")]
    public void Plans_are_the_results_that_come_without_WhatIf(string script)
    {
        IReadOnlyList<string> before = _bench.Listing();
        IReadOnlyList<ResizeResult> plans = _bench.RunClean($"{script} -WhatIf -PassThru").OutputAs<ResizeResult>();
        Assert.Equal(before, _bench.Listing());

        IReadOnlyList<ResizeResult> results = _bench.RunClean($"{script} -PassThru").OutputAs<ResizeResult>();

        Assert.Equal(2, plans.Count);
        Assert.All(plans, plan => Assert.False(plan.IsWritten));
        Assert.All(results, result => Assert.Equal(result.Size, new FileInfo(result.Path).Length));
        Assert.Equal(
            plans.Select(plan => Comparable(plan with { IsWritten = true })),
            results.Select(Comparable));

        // What rounding will cost is not known before.
        Assert.All(plans.Zip(results), pair => Assert.Equal(1, pair.First.RelativeError / pair.Second.RelativeError, 0.1));
        Assert.All(plans.Zip(results), pair => Assert.Equal(1, pair.First.BaseWeightedError!.Value / pair.Second.BaseWeightedError!.Value, 0.1));

        static string Comparable(ResizeResult result) => (result with { Duration = default, Checkpoint = [], RelativeError = 0, BaseWeightedError = 0 }).ToText();
    }

    [Fact]
    public void Without_PassThru_WhatIf_emits_nothing() =>
        Assert.Empty(_bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -WhatIf").Output);

    [Fact]
    public void That_nothing_was_saved_is_said()
    {
        _bench.Add("style.safetensors", SampleModel.Lora(dtype: SafetensorsDType.F16));
        RunResult result = _bench.Run("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-20'");

        string warning = Assert.Single(result.Warnings);
        Assert.StartsWith("1 file did not get smaller: ", warning, StringComparison.Ordinal);
        Assert.Contains(_bench.PathOf("style_spnlora1_th-20.safetensors"), warning, StringComparison.Ordinal);
        Assert.True(result.Only<ResizeResult>().SavedPercent <= 0);
    }

    [Fact]
    public void What_tables_show_can_be_selected()
    {
        Assert.Equal("spn_lora=1,thr=-0.3", _bench.RunClean("(Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' | Select-Object Recipe).Recipe.ToString()").Only<string>());
        Assert.Equal("spn_lora=1,thr=-0.3", _bench.RunClean("(New-ResizeRecipe 'spn_lora=1,thr=-0.3' | Select-Object Recipe).Recipe").Only<string>());
        Assert.Equal("spn_ckpt=0.75,spn_lora=0.25", _bench.RunClean("(New-ResizeRecipe 'spn_ckpt=3,spn_lora=1,thr=-1').Weights.ToString()").Only<string>());
        DecomposedLayer layer = _bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors | Select-Object -First 1").Only<DecomposedLayer>();
        Assert.Equal(layer.SpectralNorm / layer.BaseSpectralNorm, layer.RelativeSpectralNorm);
    }

    [Fact]
    public void Layers_that_the_checkpoint_lacks_are_told_by_component()
    {
        var unet = new SampleFile();
        var random = new Random(1);
        unet.Add(SampleModel.BaseNames[SampleModel.Unet], Matrix.Gaussian(24, 20, random));
        unet.Add(SampleModel.BaseNames[SampleModel.UnetFeedForward], Matrix.Gaussian(16, 32, random));
        unet.Add("model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight", Matrix.Gaussian(24, 2048, random));
        _bench.Add("unet.safetensors", unet);

        string warning = Assert.Single(_bench.Run("Invoke-LoraResize style.safetensors -Checkpoint unet.safetensors -Recipe 'spn_ckpt=1,thr=-3'").Warnings);

        Assert.Contains($"TextEncoder1 (1): the checkpoint has no text encoders (such as {SampleModel.TextEncoder1}); TextEncoder2 (1): the checkpoint has no text encoders", warning, StringComparison.Ordinal);
    }
}

file static class Texts
{
    /// <summary>All properties, for ToString is the path.</summary>
    public static string ToText(this ResizeResult result) => string.Join('\n', typeof(ResizeResult).GetProperties().Select(property => $"{property.Name} {property.GetValue(result)}"));
}
