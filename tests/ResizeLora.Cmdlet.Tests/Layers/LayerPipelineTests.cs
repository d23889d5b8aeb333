using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;

namespace ResizeLora.Cmdlet.Tests.Layers;

/// <summary>Layers in the pipeline give what files give, for those layers that arrive.</summary>
public sealed class LayerPipelineTests : IDisposable
{
    private readonly Bench _bench = new();

    public LayerPipelineTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora("a.safetensors", 2);
        _bench.AddLora("b.safetensors", 3);
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Layers_give_the_same_bytes_as_files()
    {
        _bench.RunClean("Invoke-LoraResize a.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2', 'spn_lora=1,size=0.012' -Destination files");
        RunResult result = _bench.RunClean("Get-LoraSpectrum a.safetensors -Checkpoint base.safetensors | New-ResizeRecipe 'spn_ckpt=1,thr=-1.2' | New-ResizeRecipe 'spn_lora=1,size=0.012' | Invoke-LoraResize -Destination layers");

        Assert.Equal(2, result.Output.Count);
        AssertSameFiles("files", "layers");
    }

    [Fact]
    public void Layers_in_a_variable_give_the_same_bytes_again_and_again()
    {
        _bench.RunClean("""
            $layers = Get-LoraSpectrum a.safetensors
            $layers | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' -Destination first
            $layers | New-ResizeRecipe 'spn_lora=1,thr=-0.3' | Invoke-LoraResize -Destination second
            Invoke-LoraResize -InputObject $layers -Recipe 'spn_lora=1,thr=-0.3' -Destination third
            """);

        AssertSameFiles("first", "second");
        AssertSameFiles("first", "third");
    }

    [Fact]
    public void Layers_without_a_recipe_get_the_default() =>
        Assert.Equal("a_spnckpt1_th-1.2.safetensors", _bench.RunClean("Get-LoraSpectrum a.safetensors -Checkpoint base.safetensors | Invoke-LoraResize").Only<ResizeResult>().Name);

    [Fact]
    public void Filtered_out_layers_are_left_out()
    {
        ResizeResult result = _bench.RunClean("Get-LoraSpectrum a.safetensors -Checkpoint base.safetensors | Where-Object Component -ne TextEncoder1 | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'").Only<ResizeResult>();

        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.DoesNotContain(file.Header.Tensors, tensor => tensor.Name.StartsWith(SampleModel.TextEncoder1, StringComparison.Ordinal));
        Assert.Equal(3, file.Header.Tensors.Count(tensor => tensor.Name.EndsWith(".lora_up.weight", StringComparison.Ordinal)));
        Assert.Equal(3, result.LayerCount);
    }

    [Fact]
    public void Recipes_can_differ_from_layer_to_layer()
    {
        RunResult result = _bench.RunClean("""
            $layers = Get-LoraSpectrum a.safetensors
            @($layers | Where-Object Component -eq Unet | New-ResizeRecipe 'spn_lora=1,thr=-0.3') +
                @($layers | Where-Object Component -ne Unet | New-ResizeRecipe 'spn_lora=1,thr=-0.2') | Invoke-LoraResize
            """);

        Assert.Equal([("spn_lora=1,thr=-0.3", 2), ("spn_lora=1,thr=-0.2", 2)], result.OutputAs<ResizeResult>().Select(item => (item.Recipe.ToString(), item.LayerCount)));
    }

    [Fact]
    public void Layers_of_two_files_may_be_mixed()
    {
        _bench.RunClean("Invoke-LoraResize a.safetensors, b.safetensors -Recipe 'spn_lora=1,thr=-0.3' -Destination files");
        RunResult result = _bench.RunClean("Get-LoraSpectrum a.safetensors, b.safetensors | Sort-Object Name, Path -Descending | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' -Destination layers");

        Assert.Equal(2, result.Output.Count);
        AssertSameFiles("files", "layers");
    }

    [Fact]
    public void Same_layer_twice_is_written_once()
    {
        _bench.RunClean("Invoke-LoraResize a.safetensors -Recipe 'spn_lora=1,thr=-0.3' -Destination files");
        _bench.RunClean("$layers = Get-LoraSpectrum a.safetensors; @($layers) + @($layers) | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' -Destination layers");

        AssertSameFiles("files", "layers");
    }

    [Theory]
    [InlineData("subspace=1,thr=-3")]
    [InlineData("spn_ckpt=1,subspace=0.2,thr=-1.5")]
    [InlineData("fro_ckpt=1,thr=-2")]
    public void Checkpoint_need_not_be_named_again(string recipe)
    {
        _bench.RunClean("Invoke-LoraResize a.safetensors -Checkpoint base.safetensors -Recipe $args[0] -Destination files", recipe);
        _bench.RunClean("Get-LoraSpectrum a.safetensors -Checkpoint base.safetensors | New-ResizeRecipe $args[0] | Invoke-LoraResize -Destination layers", recipe);

        AssertSameFiles("files", "layers");
    }

    [Fact]
    public void Checkpoint_can_be_named_late()
    {
        _bench.RunClean("Invoke-LoraResize a.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,subspace=1,thr=-2' -Destination files");
        _bench.RunClean("Get-LoraSpectrum a.safetensors | New-ResizeRecipe 'spn_ckpt=1,subspace=1,thr=-2' | Invoke-LoraResize -Checkpoint base.safetensors -Destination layers");

        AssertSameFiles("files", "layers");
    }

    [Fact]
    public void Another_checkpoint_replaces_the_first()
    {
        _bench.AddCheckpoint("other.safetensors", 9);
        _bench.RunClean("Invoke-LoraResize a.safetensors -Checkpoint other.safetensors -Recipe 'spn_ckpt=1,subspace=1,thr=-2' -Destination files");
        _bench.RunClean("Get-LoraSpectrum a.safetensors -Checkpoint base.safetensors | New-ResizeRecipe 'spn_ckpt=1,subspace=1,thr=-2' | Invoke-LoraResize -Checkpoint other.safetensors -Destination layers");

        AssertSameFiles("files", "layers");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_checkpoint_that_was_replaced_under_its_name_is_another_one(bool withTheSameTime)
    {
        DateTime time = File.GetLastWriteTimeUtc(_bench.PathOf("base.safetensors"));
        const string recipe = "New-ResizeRecipe 'spn_ckpt=1,subspace=1,thr=-2'";
        _bench.RunClean("$global:layers = Get-LoraSpectrum a.safetensors -Checkpoint base.safetensors");
        _bench.AddCheckpoint(seed: 9);
        File.SetLastWriteTimeUtc(_bench.PathOf("base.safetensors"), withTheSameTime ? time : time.AddMinutes(1));

        _bench.RunFailing($"$layers | {recipe} | Invoke-LoraResize").Is("FileChanged", ErrorCategory.ReadError).LetsTheCallGoOn().Mentions(_bench.PathOf("a.safetensors"), _bench.PathOf("base.safetensors"));

        RunResult named = _bench.Run($"$layers | {recipe} | Invoke-LoraResize -Checkpoint base.safetensors -Destination kept");
        Assert.Empty(named.Errors);
        Assert.Contains("has changed", Assert.Single(named.Warnings), StringComparison.Ordinal);
        _bench.RunClean($"Get-LoraSpectrum a.safetensors -Checkpoint base.safetensors | {recipe} | Invoke-LoraResize -Destination anew");

        AssertSameFiles("anew", "kept");
    }

    [Fact]
    public void WhatIf_writes_nothing()
    {
        IReadOnlyList<string> before = _bench.Listing();

        Assert.Empty(_bench.RunClean("Get-LoraSpectrum a.safetensors | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' -WhatIf").Output);

        Assert.Equal(before, _bench.Listing());
    }

    private void AssertSameFiles(string left, string right)
    {
        Assert.NotEmpty(_bench.Names(left));
        Assert.Equal(_bench.Names(left), _bench.Names(right));
        Assert.All(_bench.Names(left), name => Assert.Equal(Bench.Hash(_bench.PathOf($"{left}/{name}")), Bench.Hash(_bench.PathOf($"{right}/{name}"))));
    }
}
