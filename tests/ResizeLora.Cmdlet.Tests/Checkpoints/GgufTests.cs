using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Checkpoints;

/// <summary>A GGUF file is a checkpoint like any other, and a LoRA never.</summary>
public sealed class GgufTests : IDisposable
{
    private const string Query = "double_blocks.0.img_attn.qkv";
    private const string Single = "single_blocks.0.linear1";

    private readonly Bench _bench = new();

    public GgufTests()
    {
        // The same numbers as GGUF, under the names that ComfyUI-GGUF writes, and in a safetensors file.
        var random = new Random(1);
        byte[] query = ReferenceBlocks.Random(GgufSample.Q8_0, 96 * 32 / 32, random);
        byte[] single = ReferenceBlocks.Random(12, 7 * 32 * 32 / 256, random);
        Matrix vector = Matrix.Gaussian(8, 8, random);
        new GgufSample()
            .AddText("general.architecture", "flux")
            .AddList($"comfy.gguf.orig_shape.{Single}.weight", 7 * 32, 32)
            .Add($"{Query}.weight", GgufSample.Q8_0, [96, 32], query)
            .Add($"{Single}.weight", 12, [7 * 32 * 32 / 256, 256], single)
            .Add("vector_in.in_layer.weight", vector)
            .Write(_bench.PathOf("base.gguf"));
        double[] queries = ReferenceBlocks.DecodeAll(GgufSample.Q8_0, query);
        double[] singles = ReferenceBlocks.DecodeAll(12, single);
        _bench.Add("plain.safetensors", new SampleFile()
            .Add($"{Query}.weight", new Matrix(96, 32).Map((row, column) => queries[row * 32 + column]))
            .Add($"{Single}.weight", new Matrix(7 * 32, 32).Map((row, column) => singles[row * 32 + column]))
            .Add("vector_in.in_layer.weight", vector));
        _bench.Add("style.safetensors", new SampleFile()
            .AddLora("lora_unet_double_blocks_0_img_attn_qkv", 96, 32, 8, random, 4)
            .AddLora("transformer.single_transformer_blocks.0.attn.to_v", 32, 32, 8, random, 4)
            .AddLora("transformer.single_transformer_blocks.0.proj_mlp", 128, 32, 8, random, 4));
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Layers_are_paired_and_compared_as_with_the_numbers_in_a_safetensors_file()
    {
        const string script = "Get-LoraSpectrum style.safetensors -Checkpoint $args[0] | Sort-Object Name";
        IReadOnlyList<DecomposedLayer> expected = _bench.RunClean(script, "plain.safetensors").OutputAs<DecomposedLayer>();
        IReadOnlyList<DecomposedLayer> actual = _bench.RunClean(script, "base.gguf").OutputAs<DecomposedLayer>();

        Assert.Equal(3, actual.Count);
        Assert.Equal(expected.Select(layer => layer.BaseLayer), actual.Select(layer => layer.BaseLayer));
        foreach ((DecomposedLayer plain, DecomposedLayer gguf) in expected.Zip(actual))
        {
            Assert.Equal(1, gguf.BaseSpectralNorm!.Value / plain.BaseSpectralNorm!.Value, 1e-4);
            Assert.Equal(1, gguf.BaseFrobeniusNorm!.Value / plain.BaseFrobeniusNorm!.Value, 1e-6);
        }
    }

    [Theory]
    [InlineData("spn_ckpt=1,thr=-3")]
    [InlineData("subspace=0.5,fro_ckpt=1,size=0.01")]
    public void Resizing_keeps_what_it_keeps_by_the_same_numbers(string recipe)
    {
        const string script = "Invoke-LoraResize style.safetensors -Checkpoint $args[0] -Recipe $args[1] -Destination $args[2]";
        ResizeResult plain = _bench.RunClean(script, "plain.safetensors", recipe, "plain").Only<ResizeResult>();
        ResizeResult gguf = _bench.RunClean(script, "base.gguf", recipe, "gguf").Only<ResizeResult>();

        Assert.Equal(plain.Rank, gguf.Rank);
        Assert.Equal(plain.Size, gguf.Size);
        Assert.Equal(plain.RelativeError, gguf.RelativeError, 1e-6);
    }

    [Fact]
    public void The_cache_lists_and_forgets_it()
    {
        _bench.RunClean("$null = Get-LoraSpectrum style.safetensors -Checkpoint base.gguf");
        NormCacheEntry entry = _bench.RunClean("Get-SpectralNormCache").Only<NormCacheEntry>();
        Assert.Equal(("base.gguf", 3, Bench.Hash(_bench.PathOf("base.gguf"))), (entry.Name, entry.LayerCount, entry.Sha256));

        Assert.Single(_bench.RunClean("Clear-SpectralNormCache base.gguf -PassThru").Output);
        Assert.Empty(_bench.RunClean("Get-SpectralNormCache").Output);
    }

    [Fact]
    public void A_folder_with_one_and_layers_that_remember_it_work_too()
    {
        Directory.CreateDirectory(_bench.PathOf("model/transformer"));
        File.Move(_bench.PathOf("base.gguf"), _bench.PathOf("model/transformer/flux1-Q8_0.gguf"));

        Assert.Equal(3, _bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint model | Invoke-LoraResize -Recipe 'spn_ckpt=1,thr=-5'").Only<ResizeResult>().SourceLayerCount);
    }

    [Theory]
    [InlineData("Get-LoraSpectrum base.gguf")]
    [InlineData("Invoke-LoraResize base.gguf -Recipe 'spn_lora=1,thr=-1'")]
    public void As_a_LoRA_it_is_refused(string script) =>
        _bench.RunFailing(script).Is("InvalidSafetensors", ErrorCategory.InvalidData).LetsTheCallGoOn().Mentions(_bench.PathOf("base.gguf"), "GGUF", "LoRA must be a safetensors file");

    [Theory]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint base.gguf")]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint base.gguf")]
    public void What_is_truncated_ends_the_call(string script)
    {
        byte[] whole = File.ReadAllBytes(_bench.PathOf("base.gguf"));
        File.WriteAllBytes(_bench.PathOf("base.gguf"), whole[..^100]);

        _bench.RunFailing(script).Is("InvalidGguf", ErrorCategory.InvalidData).EndsTheCall().Mentions(_bench.PathOf("base.gguf"), "truncated", "Download it again");
    }

    [Theory]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint other.safetensors")]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint other.safetensors")]
    public void A_LoRA_given_as_a_checkpoint_ends_the_call(string script)
    {
        _bench.Add("other.safetensors", SampleModel.Lora());

        _bench.RunFailing(script).Is("CheckpointIsLora", ErrorCategory.InvalidData).EndsTheCall().Mentions(_bench.PathOf("other.safetensors"), "is a LoRA, not a checkpoint", "-Checkpoint");
    }
}
