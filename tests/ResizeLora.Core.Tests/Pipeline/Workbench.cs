using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>A small base model, LoRAs for it, and the pipeline over the plain engine.</summary>
internal sealed class Workbench : IDisposable
{
    public const string First = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
    public const string Second = "lora_te1_text_model_encoder_layers_0_mlp_fc2";
    public const string Third = "lora_unet_middle_block_1_proj_in";

    private const string Clip = "conditioner.embedders.0.transformer.text_model.encoder.layers.";

    public TemporaryFolder Folder { get; } = new();

    public PlainEngine Engine { get; } = new();

    public JobRecorder Host { get; } = new();

    public ResizeOptions Options { get; set; } = new() { Precision = ResizePrecision.Float32, Workers = 2 };

    public CancellationToken Cancellation { get; set; }

    public void Dispose() => Folder.Dispose();

    /// <summary>A LoRA of three layers of 12 × 9, 9 × 12 and 10 × 8, of rank 4.</summary>
    public static SampleFile ThreeLayers(int seed = 1, double? alpha = 2)
    {
        var random = new Random(seed);
        return new SampleFile()
            .AddLora(First, 12, 9, 4, random, alpha)
            .AddLora(Second, 9, 12, 4, random, alpha)
            .AddLora(Third, 10, 8, 4, random, alpha);
    }

    public string WriteLora(SampleFile? file = null, string name = "style.safetensors") => (file ?? ThreeLayers()).Write(Folder[name]);

    /// <summary>The base of the three layers; the third can be left out.</summary>
    public string WriteCheckpoint(bool withThird = true)
    {
        var random = new Random(99);
        SampleFile file = new SampleFile()
            .Add($"{Clip}0.mlp.fc1.weight", Matrix.Gaussian(12, 9, random))
            .Add($"{Clip}0.mlp.fc2.weight", Matrix.Gaussian(9, 12, random))
            .Add($"{Clip}1.mlp.fc2.weight", Matrix.Gaussian(9, 12, random));
        if (withThird)
            file.Add("model.diffusion_model.middle_block.1.proj_in.weight", Matrix.Gaussian(10, 8, random));
        return file.Write(Folder["base.safetensors"]);
    }

    public BaseCheckpoint OpenCheckpoint(bool withThird = true) =>
        BaseCheckpoint.Open(WriteCheckpoint(withThird), Options.CacheFolder, Host, CancellationToken.None);

    public ResizePipeline Pipeline(BaseCheckpoint? checkpoint = null, INumericEngine? engine = null) =>
        new(new(engine ?? Engine), NormsOf(checkpoint), Options, new OutputGuard(Options), new OutputReview(Host), Host, Cancellation);

    private BaseNorms? NormsOf(BaseCheckpoint? checkpoint) =>
        checkpoint is null ? null : new BaseNorms(checkpoint, Options.CacheFolder is null ? null : new NormCache(Options.CacheFolder, Host));

    public IReadOnlyList<ResizeResult> Resize(string path, params string[] recipes) =>
        [.. Pipeline().Resize(path, [.. recipes.Select(ResizeRecipe.Parse)])];

    /// <summary>Results come as they get ready; this waits for all.</summary>
    /// <returns>How many there were.</returns>
    public static int Finish(IEnumerable<ResizeResult> results) => results.Count();

    /// <summary>Asserts that an output's layers are the exact truncations of the input's, by a rule for singular values.</summary>
    public static void AssertTruncated(string input, string output, double tolerance, Func<string, double[], int, bool> keep, double rescale = 1)
    {
        Dictionary<string, Matrix> written = LoraFile.EffectiveDeltas(output);
        foreach ((string name, (double scale, Matrix up, Matrix down)) in LoraFile.Layers(input))
        {
            JacobiSvd svd = JacobiSvd.OfProduct(up, down);
            double[] values = [.. svd.Values.Select(value => value * Math.Abs(scale))];
            int[] kept = [.. Enumerable.Range(0, values.Length).Where(i => keep(name, values, i))];
            if (kept.Length == 0)
            {
                Assert.DoesNotContain(name, written.Keys);
                continue;
            }

            Matrix expected = (scale * rescale) * svd.Part(kept);
            double error = (expected - written[name]).FrobeniusNorm / expected.FrobeniusNorm;
            Assert.True(error <= tolerance, $"{name}: the relative error is {error}.");
            written.Remove(name);
        }

        Assert.Empty(written);
    }
}
