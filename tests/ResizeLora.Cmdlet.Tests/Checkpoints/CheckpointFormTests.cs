using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Checkpoints;

/// <summary>-Checkpoint takes a file, a folder or several, and what was recognised is told.</summary>
public sealed class CheckpointFormTests : IDisposable
{
    private const string Query = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
    private const string Mlp = "text_model.encoder.layers.0.mlp.fc1";

    private readonly Bench _bench = new();

    public CheckpointFormTests()
    {
        var random = new Random(1);
        _bench.Add("model/unet/diffusion_pytorch_model.safetensors", new SampleFile().Add(Query + ".weight", 0.1 * Matrix.Gaussian(24, 20, random), SafetensorsDType.F16));
        _bench.Add("model/text_encoder/model.safetensors", new SampleFile().Add(Mlp + ".weight", 0.1 * Matrix.Gaussian(32, 12, random), SafetensorsDType.F16));
        _bench.Add("style.safetensors", new SampleFile()
            .AddLora("lora_unet_" + Query.Replace('.', '_'), 24, 20, 8, random, 4)
            .AddLora("lora_te1_" + Mlp.Replace('.', '_'), 32, 12, 8, random, 4));
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_folder_is_a_checkpoint()
    {
        RunResult result = _bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint model");

        Assert.Equal([Mlp + ".weight", Query + ".weight"], result.OutputAs<DecomposedLayer>().Select(layer => layer.BaseLayer));
        Assert.Equal(2, _bench.RunClean("Get-SpectralNormCache").Output.Count);
        Assert.Equal(2, _bench.RunClean("Clear-SpectralNormCache -Checkpoint model -PassThru").Output.Count);
        Assert.Empty(_bench.RunClean("Get-SpectralNormCache").Output);
    }

    [Fact]
    public void Several_files_are_a_checkpoint()
    {
        const string paths = "model/unet, model/text_encoder/model.safetensors";
        ResizeResult whole = _bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint model -Destination whole").Only<ResizeResult>();
        ResizeResult parts = _bench.Run($"Invoke-LoraResize style.safetensors -Checkpoint {paths} -Destination parts").Only<ResizeResult>();

        // CLIP of another size can't be told by its layers alone, so that one of the two layers is kept as it is.
        Assert.Equal(2, whole.SourceLayerCount);
        Assert.Equal(1, parts.SourceLayerCount);
    }

    [Fact]
    public void Layers_remember_all_of_the_checkpoint()
    {
        RunResult result = _bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint model | Invoke-LoraResize");

        Assert.Equal(2, result.Only<ResizeResult>().SourceLayerCount);
    }

    [Fact]
    public void Files_of_the_checkpoint_are_passed_over()
    {
        RunResult result = _bench.RunClean("Get-ChildItem style.safetensors, model/unet/*.safetensors | Invoke-LoraResize -Checkpoint model -Destination out");

        Assert.Equal("style_spnckpt1_th-1.2.safetensors", result.Only<ResizeResult>().Name);
    }

    [Fact]
    public void A_run_that_is_done_is_known_by_all_files_of_the_checkpoint()
    {
        const string script = "Invoke-LoraResize style.safetensors -Checkpoint model -SkipExisting -Force";
        Assert.Single(_bench.RunClean(script).Output);
        Assert.Empty(_bench.RunClean(script).Output);

        _bench.Add("model/text_encoder/model.safetensors", new SampleFile().Add(Mlp + ".weight", 0.1 * Matrix.Gaussian(32, 12, new Random(8)), SafetensorsDType.F16));

        Assert.Single(_bench.RunClean(script).Output);
    }

    [Fact]
    public void The_verbose_stream_tells_what_was_recognised()
    {
        string line = Assert.Single(_bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint model -Verbose").Verbose, text => text.Contains("family", StringComparison.Ordinal));

        Assert.Contains("style.safetensors", line, StringComparison.Ordinal);
        Assert.Contains("style of kohya, model family other, paired layers: Unet 1 of 1, TextEncoder1 1 of 1", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_without_a_partner_is_named_with_what_is_called_almost_the_same()
    {
        _bench.Add("style.safetensors", new SampleFile()
            .AddLora("lora_unet_" + Query.Replace('.', '_'), 24, 20, 8, new Random(3), 4)
            .AddLora("lora_unet_" + Query.Replace('.', '_') + "x", 24, 20, 8, new Random(4), 4));

        string warning = Assert.Single(_bench.Run("Invoke-LoraResize style.safetensors -Checkpoint model").Warnings);

        Assert.Contains($"{Query}.weight)", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("empty", "NoCheckpointInFolder", ErrorCategory.ObjectNotFound)]
    [InlineData("model/unet, model", "SameCheckpointTwice", ErrorCategory.InvalidArgument)]
    public void What_is_no_checkpoint_ends_the_call(string checkpoint, string errorId, ErrorCategory category)
    {
        Directory.CreateDirectory(_bench.PathOf("empty"));

        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Checkpoint {checkpoint}").Is(errorId, category).EndsTheCall();
        _bench.RunFailing($"Get-LoraSpectrum style.safetensors -Checkpoint {checkpoint}").Is(errorId, category).EndsTheCall();
    }
}
