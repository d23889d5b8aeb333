using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Adapters;

/// <summary>What outputs say of ΔW, against what the definition of each type of adapter says.</summary>
public sealed class AdapterTypeTests : IDisposable
{
    private const string Linear = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
    private const string LinearBase = "conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight";
    private const string Everything = "spn_lora=1,thr=-30";

    private static readonly Dictionary<string, SampleAdapter> Samples =
        SampleAdapter.All().ToDictionary(sample => sample.Label, StringComparer.Ordinal);

    private readonly ResizeBench _bench = new();

    public static TheoryData<string> Labels => [.. Samples.Keys];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Labels))]
    public void With_everything_kept_an_output_is_the_same_change(string label)
    {
        SampleAdapter sample = Samples[label];

        ResizeResult result = Write(sample, Everything);

        AssertNear(sample.Delta, DeltaOf(result), 1e-6);
        Assert.Equal(0, result.RelativeError, 6);
    }

    [Theory]
    [MemberData(nameof(Labels))]
    public void In_8_bits_a_change_of_any_type_loses_what_the_result_says(string label)
    {
        SampleAdapter sample = Samples[label];

        ResizeResult result = _bench.Write(sample.AddTo(new SampleFile(), Linear), Everything, ResizePrecision.Float8)!;

        double error = (sample.Delta - DeltaOf(result)).FrobeniusNorm / sample.Delta.FrobeniusNorm;
        Assert.InRange(error, 1e-3, 0.05);
        Assert.Equal(1, result.RelativeError / error, 1e-3);
    }

    [Theory]
    [MemberData(nameof(Labels))]
    public void What_is_kept_of_a_layer_is_its_best_part(string label)
    {
        SampleAdapter sample = Samples[label];
        var svd = JacobiSvd.Of(sample.Delta);
        int[] kept = [.. Enumerable.Range(0, svd.Values.Length).Where(i => svd.Values[i] >= 0.4 * svd.Values[0])];

        ResizeResult result = Write(sample, FormattableString.Invariant($"spn_lora=1,thr={Math.Log10(0.4)}"));

        Assert.Equal(kept.Length, result.Rank);
        AssertNear(svd.Part(kept), DeltaOf(result), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Labels))]
    public void Singular_values_are_those_of_the_change(string label)
    {
        SampleAdapter sample = Samples[label];
        double[] exact = JacobiSvd.Of(sample.Delta).Values;

        DecomposedLayer layer = Assert.Single(_bench.Decompose(sample.AddTo(new SampleFile(), Linear)));

        Assert.Equal((sample.Delta.Rows, sample.Delta.Columns), (layer.Rows, layer.Columns));
        Assert.Equal(layer.Rank, layer.SingularValues.Count);
        Assert.All(layer.SingularValues.Select((value, i) => Math.Abs(value - exact[i])), error => Assert.True(error <= 1e-7 * exact[0]));
        Assert.All(exact.Skip(layer.Rank), value => Assert.True(value <= 1e-12 * exact[0]));
    }

    [Theory]
    [MemberData(nameof(Labels))]
    public void An_output_is_a_LoRA_of_the_weights_shape(string label)
    {
        SampleAdapter sample = Samples[label];

        ResizeResult result = Write(sample, "spn_lora=1,thr=-0.5");

        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal(result.Size, file.Length);
        Assert.Equal(
            [$"{Linear}.alpha", $"{Linear}.lora_down.weight", $"{Linear}.lora_up.weight"],
            file.Header.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        IEnumerable<long> input = sample.KnowsKernel ? sample.WeightShape.Skip(1) : [sample.Delta.Columns];
        Assert.Equal([result.Rank, .. input], file.Header.Find($"{Linear}.lora_down.weight")!.Shape);
        Assert.Equal([sample.WeightShape[0], result.Rank, .. input.Skip(1).Select(_ => 1L)], file.Header.Find($"{Linear}.lora_up.weight")!.Shape);
    }

    [Theory]
    [InlineData("LoHa conv")]
    [InlineData("LoKr conv flat")]
    public void A_kernel_that_the_adapter_does_not_say_is_taken_from_the_base(string label)
    {
        SampleAdapter sample = Samples[label];

        ResizeResult result = Write(sample, Everything, Base(sample));

        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal([result.Rank, .. sample.WeightShape.Skip(1)], file.Header.Find($"{Linear}.lora_down.weight")!.Shape);
        Assert.Equal([sample.WeightShape[0], result.Rank, 1, 1], file.Header.Find($"{Linear}.lora_up.weight")!.Shape);
        AssertNear(sample.Delta, DeltaOf(result), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Labels))]
    public void Scores_by_the_subspace_are_products_with_the_base(string label)
    {
        SampleAdapter sample = Samples[label];
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(sample.Delta.Rows, sample.Delta.Columns, new Random(5)), SafetensorsDType.F32);
        var svd = JacobiSvd.Of(sample.Delta);
        Matrix products = svd.U.Transpose() * weight * svd.Vt.Transpose();
        double[] scores = [.. svd.Values.Select((value, i) => Math.Log10(value / Math.Abs(products[i, i]))).Take(4).Order()];
        double threshold = (scores[1] + scores[2]) / 2;
        int[] kept = [.. Enumerable.Range(0, svd.Values.Length).Where(i => svd.Values[i] > 1e-9 * svd.Values[0] && Math.Log10(svd.Values[i] / Math.Abs(products[i, i])) >= threshold)];

        ResizeResult result = Write(sample, FormattableString.Invariant($"subspace=1,thr={threshold}"), new SampleFile().Add(LinearBase, weight));

        AssertNear(svd.Part(kept), DeltaOf(result), 1e-5);
    }

    [Theory]
    [InlineData("LoHa")]
    [InlineData("LoHa beyond both sides")]
    [InlineData("LoKr of products")]
    [InlineData("full weight")]
    public void Outputs_do_not_depend_on_the_number_of_workers(string label)
    {
        SampleFile file = new();
        for (int i = 0; i < 6; i++)
            Samples[label].AddTo(file, $"lora_te1_text_model_encoder_layers_{i}_mlp_fc1");

        byte[] one = File.ReadAllBytes(_bench.Write(file, "spn_lora=1,thr=-0.5", ResizePrecision.Float16, workers: 1)!.Path);
        byte[] three = File.ReadAllBytes(_bench.Write(file, "spn_lora=1,thr=-0.5", ResizePrecision.Float16, workers: 3)!.Path);

        Assert.Equal(one, three);
    }

    [Theory]
    [MemberData(nameof(Labels))]
    public void Layers_that_were_kept_give_the_same_output(string label)
    {
        SampleFile file = Samples[label].AddTo(new SampleFile(), Linear);

        byte[] once = File.ReadAllBytes(_bench.Write(file, "spn_lora=1,thr=-0.5", ResizePrecision.Float16)!.Path);
        byte[] kept = File.ReadAllBytes(_bench.WriteKept(file, "spn_lora=1,thr=-0.5", ResizePrecision.Float16).Path);

        Assert.Equal(once, kept);
    }

    [Theory]
    [InlineData("LoHa", ".hada_w2_b")]
    [InlineData("LoHa Tucker", ".hada_t1")]
    [InlineData("LoKr of products", ".lokr_w2_a")]
    [InlineData("Tucker 2d", ".lora_mid.weight")]
    [InlineData("full weight", ".diff")]
    public void A_number_that_is_none_is_an_error_that_names_its_tensor(string label, string ending)
    {
        SampleFile file = Samples[label].AddTo(new SampleFile(), Linear, (tensor, numbers) =>
        {
            if (tensor == ending)
                numbers[0, 1] = double.NaN;
        });

        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => _bench.Write(file, Everything, ResizePrecision.Float32));

        Assert.Equal("NonFiniteValue", error.ErrorId);
        Assert.Contains(Linear + ending, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_is_kept_to_the_byte_whatever_the_types()
    {
        SampleFile file = new();
        SampleAdapter[] samples = [.. Samples.Values];
        for (int i = 0; i < samples.Length; i++)
            samples[i].AddTo(file, $"lora_te1_text_model_encoder_layers_{i}_mlp_fc1");

        ResizeResult result = _bench.Write(file, "spn_lora=1,size=0.02", ResizePrecision.Float16)!;

        Assert.Equal(result.Size, new FileInfo(result.Path).Length);
        Assert.InRange(result.Size, 0.018 * (1 << 20), 0.02 * (1 << 20));
    }

    private ResizeResult Write(SampleAdapter sample, string recipe, SampleFile? checkpoint = null) =>
        _bench.Write(sample.AddTo(new SampleFile(), Linear), recipe, ResizePrecision.Float32, checkpoint)!;

    private static SampleFile Base(SampleAdapter sample) => new SampleFile()
        .Add(LinearBase, Matrix.Gaussian(sample.Delta.Rows, sample.Delta.Columns, new Random(4)), shape: sample.WeightShape);

    private static Matrix DeltaOf(ResizeResult result) => Assert.Single(LoraFile.EffectiveDeltas(result.Path)).Value;

    private static void AssertNear(Matrix expected, Matrix actual, double tolerance)
    {
        double error = (expected - actual).FrobeniusNorm / expected.FrobeniusNorm;
        Assert.True(error <= tolerance, $"The relative error is {error}.");
    }
}
