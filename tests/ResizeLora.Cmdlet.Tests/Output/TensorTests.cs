using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>The tensors of an output: the input's names and style, the number format asked for, the rest untouched.</summary>
public sealed class TensorTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Float16", "F16")]
    [InlineData("BFloat16", "BF16")]
    [InlineData("Float32", "F32")]
    public void Precision_is_the_dtype_of_every_tensor_of_a_layer(string precision, string dtype)
    {
        _bench.Add("style.safetensors", SampleModel.Lora(dtype: precision == "Float32" ? SafetensorsDType.F16 : SafetensorsDType.F32));

        ReferenceFile output = Resize("style.safetensors", $"-Precision {precision}");

        Assert.Equal(12, output.Names.Count);
        Assert.All(output.Names, name => Assert.Equal(dtype, output.DType(name)));
    }

    [Fact]
    public void Half_precision_is_the_default()
    {
        _bench.AddLora();

        Assert.Equal("F16", Resize("style.safetensors").DType($"{SampleModel.Unet}.lora_up.weight"));
    }

    [Theory]
    [InlineData(new long[0])]
    [InlineData(new long[] { 1 })]
    public void Alpha_has_the_shape_that_it_had(long[] shape)
    {
        var random = new Random(5);
        _bench.Add("style.safetensors", new SampleFile()
            .AddLora(SampleModel.Unet, 24, 20, 8, random)
            .AddScalar($"{SampleModel.Unet}.alpha", 4, SafetensorsDType.F32, shape));

        ReferenceFile output = Resize("style.safetensors");

        Assert.Equal(shape, output.Shape($"{SampleModel.Unet}.alpha"));
        Assert.Equal("F16", output.DType($"{SampleModel.Unet}.alpha"));
    }

    [Fact]
    public void Factors_have_the_shapes_of_their_rank()
    {
        var random = new Random(5);
        const string Convolution = "lora_unet_input_blocks_1_0_in_layers_2";
        _bench.Add("style.safetensors", new SampleFile()
            .Add($"{Convolution}.lora_up.weight", Matrix.Gaussian(12, 6, random), SafetensorsDType.F32, 12, 6, 1, 1)
            .Add($"{Convolution}.lora_down.weight", Matrix.Gaussian(6, 72, random), SafetensorsDType.F32, 6, 8, 3, 3)
            .AddScalar($"{Convolution}.alpha", 6));

        ResizeResult result = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0]", Bench.ByItself).Only<ResizeResult>();

        var output = ReferenceFile.Open(result.Path);
        Assert.InRange(result.Rank, 1, 5);
        Assert.Equal([12, result.Rank, 1, 1], output.Shape($"{Convolution}.lora_up.weight"));
        Assert.Equal([result.Rank, 8, 3, 3], output.Shape($"{Convolution}.lora_down.weight"));
    }

    [Theory]
    [InlineData("Float16", 2e-3)]
    [InlineData("BFloat16", 2e-2)]
    [InlineData("Float32", 1e-6)]
    public void Effective_delta_is_that_of_the_input_where_everything_is_kept(string precision, double tolerance)
    {
        foreach (double? alpha in new double?[] { null, 4, 0.7, -3, 1e-3, 300 })
        {
            string path = _bench.Add("style.safetensors", SampleModel.AddLayers(new SampleFile(), alpha: alpha));
            Dictionary<string, Matrix> expected = LoraFile.EffectiveDeltas(path);

            string output = _bench.RunGrowing($"Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-20' -Force -Precision {precision}").Only<ResizeResult>().Path;

            Dictionary<string, Matrix> actual = LoraFile.EffectiveDeltas(output);
            Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
            foreach (string layer in expected.Keys)
                Assert.True((actual[layer] - expected[layer]).FrobeniusNorm <= tolerance * expected[layer].FrobeniusNorm, $"{layer}, alpha {alpha}");
        }
    }

    [Fact]
    public void Tensors_of_no_layer_are_copied_verbatim()
    {
        var random = new Random(8);
        SampleFile file = SampleModel.AddLayers(new SampleFile()
            .Add("clip_l", Matrix.Gaussian(3, 8, random), SafetensorsDType.BF16)
            .AddRaw("ids", SafetensorsDType.I64, [2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
            .AddRaw("empty", SafetensorsDType.F32, [0, 4], [])
            .Add("norm.bias", Matrix.Gaussian(1, 2_000_000, random), SafetensorsDType.F32, 2_000_000));
        var input = ReferenceFile.Open(_bench.Add("style.safetensors", file));

        ReferenceFile output = Resize("style.safetensors");

        foreach (string name in new[] { "clip_l", "ids", "empty", "norm.bias" })
        {
            Assert.Equal(input.DType(name), output.DType(name));
            Assert.Equal(input.Shape(name), output.Shape(name));
            Assert.True(input.Bytes(name).AsSpan().SequenceEqual(output.Bytes(name)), name);
        }
    }

    [Fact]
    public void Layer_of_which_nothing_is_kept_is_left_out()
    {
        _bench.Add("style.safetensors", SampleModel.Lora().AddLora(SampleModel.Stranger, 8, 8, 4, new Random(1), 1e-6));

        ReferenceFile output = Resize("style.safetensors", recipe: "params=1,thr=-4");

        Assert.DoesNotContain(output.Names, name => name.StartsWith(SampleModel.Stranger, StringComparison.Ordinal));
        Assert.Contains($"{SampleModel.Unet}.lora_up.weight", output.Names);
    }

    [Fact]
    public void Rescale_multiplies_the_effective_delta()
    {
        string path = _bench.AddLora();

        string output = _bench.RunGrowing("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-20,rescale=0.25' -Precision Float32").Only<ResizeResult>().Path;

        Matrix expected = 0.25 * LoraFile.EffectiveDeltas(path)[SampleModel.Unet];
        Assert.True((LoraFile.EffectiveDeltas(output)[SampleModel.Unet] - expected).FrobeniusNorm <= 1e-6 * expected.FrobeniusNorm);
    }

    private ReferenceFile Resize(string path, string parameters = "", string recipe = Bench.ByItself) =>
        ReferenceFile.Open(_bench.RunGrowing($"Invoke-LoraResize $args[0] -Recipe $args[1] {parameters}", path, recipe).Only<ResizeResult>().Path);
}
