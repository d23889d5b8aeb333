using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>A checkpoint that is missing, wrong or damaged shows before any work.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly Bench _bench = new();

    public CheckpointTests() => _bench.AddLora();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint missing.safetensors")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint missing.safetensors")]
    public void Missing_checkpoint_ends_the_call(string script) =>
        _bench.RunFailing(script).Is("FileNotFound", ErrorCategory.ObjectNotFound).EndsTheCall().Mentions(_bench.PathOf("missing.safetensors"));

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint text.safetensors")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint text.safetensors")]
    public void Checkpoint_that_is_no_safetensors_ends_the_call(string script)
    {
        string path = _bench.AddText("text.safetensors", "This is a text, and a long one, which begins with no length at all.");

        _bench.RunFailing(script).Is("InvalidSafetensors", ErrorCategory.InvalidData).EndsTheCall().Mentions(path);
    }

    [Fact]
    public void Missing_checkpoint_makes_no_destination() =>
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint missing.safetensors -Destination out").Is("FileNotFound", ErrorCategory.ObjectNotFound);

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint other.safetensors")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint other.safetensors")]
    public void Checkpoint_of_other_shapes(string script)
    {
        string path = _bench.Add("other.safetensors", SampleModel.OtherCheckpoint(SampleModel.Unet, SampleModel.TextEncoder1, SampleModel.TextEncoder2));

        _bench.RunFailing(script)
            .Is("ShapeMismatch", ErrorCategory.InvalidData)
            .LetsTheCallGoOn()
            .Mentions(_bench.PathOf("style.safetensors"), path, SampleModel.TextEncoder1, "32 x 12", "32 x 13", "[32, 13]", "3 of 4 layers");
    }

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint other.safetensors")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint other.safetensors")]
    public void Checkpoint_that_nothing_pairs_with(string script)
    {
        string path = _bench.Add("other.safetensors", new SampleFile().Add("model.diffusion_model.input_blocks.1.1.proj_in.weight", Matrix.Gaussian(4, 4, new Random(1)), SafetensorsDType.F16));

        _bench.RunFailing(script).Is("NothingPairs", ErrorCategory.InvalidData).LetsTheCallGoOn().Mentions(_bench.PathOf("style.safetensors"), path);
    }

    [Theory]
    [InlineData("spn_ckpt=1,thr=-1")]
    [InlineData("fro_ckpt=1,thr=-1")]
    [InlineData("subspace=1,thr=-1")]
    [InlineData("spn_ckpt=-0.5,spn_lora=1,thr=-1")]
    public void Recipe_that_needs_a_checkpoint_without_one_ends_the_call(string recipe) =>
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe $args[0]", recipe).Is("CheckpointNeeded", ErrorCategory.InvalidArgument).EndsTheCall().Mentions("-Checkpoint", recipe);

    [Fact]
    public void Default_recipe_needs_a_checkpoint() =>
        _bench.RunFailing("Invoke-LoraResize style.safetensors").Is("CheckpointNeeded", ErrorCategory.InvalidArgument).EndsTheCall().Mentions("spn_ckpt=1,thr=-1.2");

    [Fact]
    public void Layers_without_a_checkpoint_need_one_too() =>
        _bench.RunFailing("Get-LoraSpectrum style.safetensors | New-ResizeRecipe 'spn_ckpt=1,thr=-1' | Invoke-LoraResize").Is("CheckpointNeeded", ErrorCategory.InvalidArgument).EndsTheCall();

    [Theory]
    [InlineData("spn_lora=1,thr=-0.3")]
    [InlineData("fro_lora=1,thr=-0.5")]
    [InlineData("params=1,thr=-3")]
    public void Recipe_on_the_lora_alone_needs_none(string recipe) =>
        Assert.Equal(recipe, _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0]", recipe).Only<ResizeResult>().Recipe.ToString());
}
