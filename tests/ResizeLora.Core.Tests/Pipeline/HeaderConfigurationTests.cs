using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>Files whose header tells alpha: outputs are right for who reads the header, and for who takes alpha = rank.</summary>
public sealed class HeaderConfigurationTests : IDisposable
{
    private const string Json = """
        {"transformer.r": 4, "transformer.lora_alpha": 16, "transformer.rank_pattern": {}, "transformer.alpha_pattern": {"b.to_q": 2},
         "transformer.target_modules": ["to_q"]}
        """;

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void The_scale_of_the_header_is_that_of_the_layers()
    {
        IReadOnlyList<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(_bench.WriteLora(File(Json)))];

        Assert.Equal([16, 2], layers.Select(layer => layer.Alpha));
        Dictionary<string, Matrix> plain = Plain();
        Assert.All(layers, layer => Assert.Equal(layer.Alpha / 4 * plain[layer.Name].FrobeniusNorm, layer.FrobeniusNorm, 5));
    }

    [Fact]
    public void Root_of_the_rank_is_obeyed()
    {
        string json = Json.Replace("\"transformer.r\": 4,", "\"transformer.r\": 4, \"transformer.use_rslora\": true,", StringComparison.Ordinal);

        IReadOnlyList<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(_bench.WriteLora(File(json)))];

        Assert.Equal(16 / 2 * Plain()["transformer.a.to_q"].FrobeniusNorm, layers[0].FrobeniusNorm, 5);
    }

    [Theory]
    [InlineData(ResizePrecision.Float32)]
    [InlineData(ResizePrecision.Float16)]
    public void An_output_says_alpha_and_rank_of_each_layer_in_its_header(ResizePrecision precision)
    {
        _bench.Options = _bench.Options with { Precision = precision };
        string input = _bench.WriteLora(File(Json));

        string output = Assert.Single(_bench.Resize(input, "spn_lora=1,thr=-0.1")).Path;

        Workbench.AssertTruncated(input, output, precision == ResizePrecision.Float32 ? 1e-5 : 2e-3, (_, values, i) => values[i] >= values[0] * Math.Pow(10, -0.1));
        using SafetensorsFile file = SafetensorsFile.Open(output);
        Assert.DoesNotContain(file.Header.Tensors, tensor => tensor.Name.EndsWith(".alpha", StringComparison.Ordinal));
        foreach (AdapterLayer layer in AdapterContents.Read(file.Header, output).Layers)
            Assert.Equal(layer.Rank, layer.Configured?.Alpha);
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(file.Header.FindMetadata("lora_adapter_metadata")!);
        foreach (string layer in new[] { "a.to_q", "b.to_q" })
        {
            long rank = file.Header.Find($"transformer.{layer}.lora_A.weight")!.Shape[0];
            Assert.Equal(rank, Of(json, "rank_pattern", "r", layer));
            Assert.Equal(rank, Of(json, "alpha_pattern", "lora_alpha", layer));
        }

        Assert.Equal("to_q", json.GetProperty("transformer.target_modules")[0].GetString());
    }

    [Fact]
    public void Layers_that_are_copied_keep_their_scale()
    {
        SampleFile file = File(Json)
            .Add("transformer.c.to_q.lora_B.weight", Matrix.Gaussian(6, 4, new Random(3)))
            .Add("transformer.c.to_q.lora_A.weight", Matrix.Gaussian(4, 5, new Random(4)))
            .Add("transformer.c.to_q.lora_magnitude_vector", Matrix.Gaussian(6, 1, new Random(5)), shape: 6);

        string output = Assert.Single(_bench.Resize(_bench.WriteLora(file), "spn_lora=1,thr=-0.1")).Path;

        using SafetensorsFile written = SafetensorsFile.Open(output);
        AdapterLayer layer = AdapterContents.Read(written.Header, output).Layers.Single(layer => layer.Magnitude is not null);
        Assert.Equal((4, 16.0), (layer.Rank, layer.Configured!.Alpha));
    }

    [Fact]
    public void Keys_of_their_own_are_mended_too()
    {
        SampleFile file = Layers().AddMetadata("transformer.lora_alpha", "16").AddMetadata("transformer.r", "4");
        string input = _bench.WriteLora(file);

        string output = Assert.Single(_bench.Resize(input, "spn_lora=1,thr=-0.1")).Path;

        using SafetensorsFile written = SafetensorsFile.Open(output);
        Assert.Equal(written.Header.FindMetadata("transformer.r"), written.Header.FindMetadata("transformer.lora_alpha"));
        Assert.NotEqual("16", written.Header.FindMetadata("transformer.lora_alpha"));
    }

    [Fact]
    public void A_tensor_of_alpha_comes_before_the_header()
    {
        SampleFile file = File(Json).AddScalar("transformer.a.to_q.alpha", 1);

        IReadOnlyList<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(_bench.WriteLora(file))];

        Assert.Equal([1, 2], layers.Select(layer => layer.Alpha));
    }

    private static long Of(JsonElement json, string pattern, string usual, string layer) =>
        json.GetProperty("transformer." + pattern).TryGetProperty(layer, out JsonElement value) ? value.GetInt64() : json.GetProperty("transformer." + usual).GetInt64();

    private static SampleFile File(string json) => Layers().AddMetadata("lora_adapter_metadata", json);

    private static SampleFile Layers() => new SampleFile()
        .Add("transformer.a.to_q.lora_B.weight", Factor(12, 4, 1))
        .Add("transformer.a.to_q.lora_A.weight", Factor(4, 9, 2))
        .Add("transformer.b.to_q.lora_B.weight", Factor(10, 4, 3))
        .Add("transformer.b.to_q.lora_A.weight", Factor(4, 8, 4));

    private static Dictionary<string, Matrix> Plain() => new(StringComparer.Ordinal)
    {
        ["transformer.a.to_q"] = Factor(12, 4, 1) * Factor(4, 9, 2),
        ["transformer.b.to_q"] = Factor(10, 4, 3) * Factor(4, 8, 4),
    };

    private static Matrix Factor(int rows, int columns, int seed) => 0.3 * Matrix.Gaussian(rows, columns, new Random(seed));
}
