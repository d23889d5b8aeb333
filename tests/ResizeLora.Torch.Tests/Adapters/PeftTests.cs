using ResizeLora.Checkpoints;
using ResizeLora.Norms;
using ResizeLora.Pipeline;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Adapters;

/// <summary>What the configuration beside an adapter says is what the numbers are made of.</summary>
public sealed class PeftTests : IDisposable
{
    private const int Rank = 4;
    private const int Alpha = 16;
    private const string Default = "spn_ckpt=1,thr=-1.2";

    private static readonly string[] Names = [.. Enumerable.Range(0, 16).Select(i => $"blocks.{i}.attn.to_q")];

    private readonly TemporaryFolder _folder = new();
    private readonly ResizeBench _bench = new();

    public void Dispose()
    {
        _bench.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("", 1.0 * Alpha / Rank, 1.0 * Alpha / Rank)]
    [InlineData("\"use_rslora\": true,", Alpha / 2.0, Alpha / 2.0)]
    [InlineData("""
        "alpha_pattern": {"blocks\\.[02468]\\.attn\\..*": 2, "to_q": 6},
        """, 2.0 / Rank, 6.0 / Rank)]
    public void Singular_values_are_those_of_the_product_times_alpha_by_rank(string keys, double even, double odd)
    {
        string folder = WriteFolder(keys);

        DecomposedLayer[] layers = [.. Pipeline(null).Decompose(folder)];

        Assert.Equal(Names.Length, layers.Length);
        foreach (DecomposedLayer layer in layers)
        {
            int i = Array.IndexOf(Names, layer.Name["base_model.model.".Length..]);
            double scale = i % 2 == 0 && i < 10 ? even : odd;
            double[] exact = JacobiSvd.OfProduct(Up(i), Down(i)).Values;
            Assert.All(layer.SingularValues.Select((value, k) => Math.Abs(value - scale * exact[k])), error => Assert.True(error <= 1e-6 * scale * exact[0]));
        }
    }

    [Fact]
    public void A_recipe_that_compares_with_the_base_keeps_what_it_keeps_of_the_same_adapter_with_tensors_of_alpha()
    {
        string folder = WriteFolder(string.Empty);
        string withAlpha = Factors(hasAlpha: true).Write(_folder["alpha.safetensors"]);
        string without = Factors(hasAlpha: false).Write(_folder["none.safetensors"]);
        using BaseCheckpoint checkpoint = WriteBase();

        ResizeResult result = Resize(folder, checkpoint);
        ResizeResult expected = Resize(withAlpha, checkpoint);
        ResizeResult wrong = Resize(without, checkpoint);

        Assert.Equal((expected.Rank, expected.LayerCount, expected.Threshold), (result.Rank, result.LayerCount, result.Threshold));
        Assert.Equal(expected.RelativeError, result.RelativeError, 12);
        Assert.True(wrong.Rank < result.Rank, $"With alpha = rank {wrong.Rank} are kept, which proves nothing.");
        Dictionary<string, Matrix> changes = LoraFile.EffectiveDeltas(expected.Path);
        foreach ((string name, Matrix change) in PeftSample.Load(result.Path, Names))
            Assert.True((changes[$"base_model.model.{name}"] - change).FrobeniusNorm <= 1e-3 * change.FrobeniusNorm);
    }

    [Fact]
    public void Outputs_do_not_depend_on_the_number_of_workers()
    {
        string folder = WriteFolder(string.Empty);
        using BaseCheckpoint checkpoint = WriteBase();

        byte[][] one = Files(Resize(folder, checkpoint, workers: 1).Path);
        byte[][] three = Files(Resize(folder, checkpoint, workers: 3).Path);

        Assert.Equal(one, three);
    }

    private static byte[][] Files(string folder) => [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private ResizeResult Resize(string path, BaseCheckpoint checkpoint, int workers = 2) =>
        Assert.Single(Pipeline(checkpoint, workers).Resize(path, [ResizeRecipe.Parse(Default)]));

    private ResizePipeline Pipeline(BaseCheckpoint? checkpoint, int workers = 2)
    {
        var options = new ResizeOptions { Overwrite = true, Workers = workers };
        return new ResizePipeline(new(TestEngine.Torch), checkpoint is null ? null : new BaseNorms(checkpoint, cache: null), options, new OutputGuard(options), new OutputReview(_bench.Host), _bench.Host, CancellationToken.None);
    }

    private BaseCheckpoint WriteBase()
    {
        var random = new Random(1);
        var file = new SampleFile();
        foreach (string name in Names)
            file.Add($"{name}.weight", Matrix.Gaussian(40, 24, random), SafetensorsDType.F16);
        return BaseCheckpoint.Open(file.Write(_folder["base.safetensors"]), cacheFolder: null, new JobRecorder(), CancellationToken.None);
    }

    private string WriteFolder(string keys) => PeftSample.Write(
        _folder["style"],
        Factors(hasAlpha: false),
        $$"""{"peft_type": "LORA", {{keys}} "r": {{Rank}}, "lora_alpha": {{Alpha}}, "target_modules": ["to_q"]}""");

    private static SampleFile Factors(bool hasAlpha)
    {
        var file = new SampleFile();
        for (int i = 0; i < Names.Length; i++)
        {
            file.Add($"base_model.model.{Names[i]}.lora_B.weight", Up(i)).Add($"base_model.model.{Names[i]}.lora_A.weight", Down(i));
            if (hasAlpha)
                file.AddScalar($"base_model.model.{Names[i]}.alpha", Alpha);
        }

        return file;
    }

    private static Matrix Up(int i) => SampleFile.ReadBack(0.05 * Matrix.Gaussian(40, Rank, new Random(100 + i)), SafetensorsDType.F32);

    private static Matrix Down(int i) => SampleFile.ReadBack(0.35 * Matrix.Gaussian(Rank, 24, new Random(200 + i)), SafetensorsDType.F32);
}
