using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Adapters;

/// <summary>
/// W' of an output is W' of the input with the best part of ΔW put in by hand: what W and ΔW are multiplied by stays.
/// </summary>
public sealed class DoraTests : IDisposable
{
    private const string Linear = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
    private const string LinearBase = "conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight";
    private const string Half = "spn_lora=1,thr=-0.3";

    private readonly ResizeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("dora_scale", new long[] { 20, 1 })]
    [InlineData("dora_scale", new long[] { 1, 14 })]
    [InlineData("dora_scale", new long[] { 20 })]
    [InlineData("lora_magnitude_vector", new long[] { 20 })]
    [InlineData("lora_magnitude_vector.weight", new long[] { 20 })]
    [InlineData("lora_magnitude_vector.default", new long[] { 1, 20 })]
    public void The_merged_weight_of_a_linear_layer_is_right(string tensor, long[] shape) =>
        AssertMerged(SampleAdapter.Lora("LoRA", new Random(1), 6, 20, 14), tensor, shape);

    [Theory]
    [InlineData("dora_scale", new long[] { 14, 1 })]
    [InlineData("dora_scale", new long[] { 1, 14 })]
    public void A_square_layer_tells_its_orientation_by_the_shape(string tensor, long[] shape) =>
        AssertMerged(SampleAdapter.Lora("LoRA", new Random(1), 6, 14, 14), tensor, shape);

    [Theory]
    [InlineData("dora_scale", new long[] { 20, 1, 1, 1 })]
    [InlineData("dora_scale", new long[] { 1, 6, 1, 1 })]
    [InlineData("lora_magnitude_vector.weight", new long[] { 1, 20, 1, 1 })]
    public void The_merged_weight_of_a_convolution_is_right(string tensor, long[] shape) =>
        AssertMerged(SampleAdapter.Lora("LoCon", new Random(2), 6, 20, 6, 3, 3), tensor, shape);

    [Theory]
    [InlineData(new long[] { 24, 1 })]
    [InlineData(new long[] { 1, 18 })]
    public void The_merged_weight_of_a_LoHa_is_right(long[] shape) =>
        AssertMerged(SampleAdapter.Loha("LoHa", new Random(3), 3, 4, flat: false, 24, 18), "dora_scale", shape);

    [Theory]
    [InlineData(new long[] { 24, 1, 1, 1 })]
    [InlineData(new long[] { 1, 6, 1, 1 })]
    public void The_merged_weight_of_a_LoKr_is_right(long[] shape) =>
        AssertMerged(SampleAdapter.Lokr("LoKr", new Random(4), [4, 2], [6, 3, 3, 3], null, 4, alpha: 2), "dora_scale", shape);

    [Fact]
    public void A_part_of_a_fused_weight_is_scaled_by_its_own_rows()
    {
        const string fused = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight";
        const string name = "lora_te2_text_model_encoder_layers_0_self_attn_k_proj";
        var random = new Random(5);
        SampleAdapter sample = SampleAdapter.Lora("LoRA", random, 6, 12, 12);
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(36, 12, random), SafetensorsDType.F32);
        Matrix k = new Matrix(12, 12).Map((row, column) => weight[12 + row, column]);

        AssertMerged(sample, "dora_scale", [12, 1], name, k, new SampleFile().Add(fused, weight));
    }

    [Fact]
    public void A_transposed_base_is_scaled_the_right_way_round()
    {
        const string name = "lora_te2_text_projection";
        var random = new Random(6);
        SampleAdapter sample = SampleAdapter.Lora("LoRA", random, 6, 20, 14);
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(14, 20, random), SafetensorsDType.F32);
        SampleFile checkpoint = new SampleFile().Add("conditioner.embedders.1.model.text_projection", weight);

        AssertMerged(sample, "dora_scale", [20, 1], name, weight.Transpose(), checkpoint);
    }

    [Theory]
    [InlineData(ResizePrecision.Float16, SafetensorsDType.F16, 2e-3)]
    [InlineData(ResizePrecision.BFloat16, SafetensorsDType.BF16, 1e-2)]
    [InlineData(ResizePrecision.Float8, SafetensorsDType.F32, 1.8e-2)]
    public void Magnitudes_have_the_precision_of_the_output(ResizePrecision precision, object dtype, double tolerance)
    {
        SampleAdapter sample = SampleAdapter.Lora("LoRA", new Random(1), 6, 20, 14);
        Matrix weight = Weight(sample);

        ResizeResult result = AssertMerged(sample, "dora_scale", [20, 1], Linear, weight, Base(sample, weight), precision, tolerance);

        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal((SafetensorsDType)dtype, file.Header.Find($"{Linear}.dora_scale")!.DType);
        Assert.Equal(result.Size, file.Length);
    }

    [Fact]
    public void A_layer_of_which_nothing_would_be_kept_keeps_one_value_because_it_scales_the_weight()
    {
        SampleAdapter sample = SampleAdapter.Lora("LoRA", new Random(1), 6, 20, 14);

        ResizeResult result = _bench.Write(File(sample, "dora_scale", [20, 1]), "spn_lora=1,thr=5", ResizePrecision.Float32, Base(sample, Weight(sample)))!;

        Assert.Equal(1, result.Rank);
    }

    [Fact]
    public void A_layer_of_zeros_is_kept_unchanged_because_it_scales_the_weight()
    {
        SampleAdapter sample = SampleAdapter.Lora("LoRA", new Random(1), 6, 20, 14);
        SampleFile file = File(sample, "dora_scale", [20, 1]).AddLora("lora_te1_text_model_encoder_layers_1_mlp_fc1", 20, 14, 2, new Random(2));
        const string zero = "lora_te1_text_model_encoder_layers_2_mlp_fc1";
        file.Add($"{zero}.lora_up.weight", new Matrix(20, 4)).Add($"{zero}.lora_down.weight", new Matrix(4, 14)).Add($"{zero}.dora_scale", Magnitudes(20), shape: [20, 1]);
        SampleFile checkpoint = Base(sample, Weight(sample)).Add(LinearBase.Replace(".0.mlp", ".2.mlp", StringComparison.Ordinal), Weight(sample));

        ResizeResult result = _bench.Write(file, Half, ResizePrecision.Float32, checkpoint)!;

        using SafetensorsFile written = SafetensorsFile.Open(result.Path);
        Assert.Equal([4, 14], written.Header.Find($"{zero}.lora_down.weight")!.Shape);
        Assert.Equal(0, (Magnitudes(20) - SampleFile.ReadMatrix(written, $"{zero}.dora_scale")).FrobeniusNorm);
    }

    [Fact]
    public void Without_a_checkpoint_a_DoRA_layer_is_kept_unchanged_and_named()
    {
        SampleAdapter sample = SampleAdapter.Lora("LoRA", new Random(1), 6, 20, 14);
        SampleFile file = File(sample, "dora_scale", [20, 1]).AddLora("lora_te1_text_model_encoder_layers_1_mlp_fc1", 20, 14, 2, new Random(2));

        ResizeResult result = _bench.Write(file, Half, ResizePrecision.Float32)!;

        Assert.Contains(_bench.Warnings, warning => warning.Contains("DoRA", StringComparison.Ordinal) && warning.Contains("-Checkpoint", StringComparison.Ordinal));
        using SafetensorsFile written = SafetensorsFile.Open(result.Path);
        Assert.Equal([6, 14], written.Header.Find($"{Linear}.lora_down.weight")!.Shape);
    }

    [Fact]
    public void An_output_is_done_only_if_it_was_made_with_the_same_checkpoint()
    {
        SampleAdapter sample = SampleAdapter.Lora("LoRA", new Random(1), 6, 20, 14);
        SampleFile file = File(sample, "dora_scale", [20, 1]).AddLora("lora_te1_text_model_encoder_layers_1_mlp_fc1", 20, 14, 2, new Random(2));
        Matrix weight = Weight(sample);

        Assert.NotNull(_bench.Write(file, Half, ResizePrecision.Float32, Base(sample, weight), skipExisting: true));
        Assert.Null(_bench.Write(file, Half, ResizePrecision.Float32, Base(sample, weight), skipExisting: true));
        Assert.NotNull(_bench.Write(file, Half, ResizePrecision.Float32, Base(sample, weight.Map((row, column) => 2 * weight[row, column])), skipExisting: true));
        Assert.NotNull(_bench.Write(file, Half, ResizePrecision.Float32, skipExisting: true));
        Assert.Null(_bench.Write(file, Half, ResizePrecision.Float32, skipExisting: true));
    }

    [Fact]
    public void Layers_that_were_kept_give_the_same_output()
    {
        SampleAdapter sample = SampleAdapter.Lora("LoRA", new Random(1), 6, 20, 14);
        SampleFile file = File(sample, "dora_scale", [1, 14]);
        SampleFile checkpoint = Base(sample, Weight(sample));

        byte[] once = System.IO.File.ReadAllBytes(_bench.Write(file, Half, ResizePrecision.Float16, checkpoint)!.Path);
        byte[] kept = System.IO.File.ReadAllBytes(_bench.WriteKept(file, Half, ResizePrecision.Float16, checkpoint).Path);

        Assert.Equal(once, kept);
    }

    [Fact]
    public void Base_and_adapter_are_right_across_precisions_of_the_base()
    {
        SampleAdapter sample = SampleAdapter.Lora("LoRA", new Random(7), 6, 20, 14);
        Matrix weight = SampleFile.ReadBack(Weight(sample), SafetensorsDType.F16);
        SampleFile checkpoint = new SampleFile().Add(LinearBase, weight, SafetensorsDType.F16, sample.WeightShape);

        AssertMerged(sample, "dora_scale", [1, 14], Linear, weight, checkpoint);
    }

    private void AssertMerged(SampleAdapter sample, string tensor, long[] shape)
    {
        Matrix weight = Weight(sample);
        AssertMerged(sample, tensor, shape, Linear, weight, Base(sample, weight));
    }

    private ResizeResult AssertMerged(
        SampleAdapter sample,
        string tensor,
        long[] shape,
        string name,
        Matrix weight,
        SampleFile checkpoint,
        ResizePrecision precision = ResizePrecision.Float32,
        double tolerance = 1e-5)
    {
        int count = (int)shape.Max();
        bool perRow = tensor != "dora_scale" || shape[0] == count;
        int group = perRow ? 0 : weight.Columns / count;
        Matrix before = weight - -1 * sample.Delta;
        double[] lengths = Norms(before, group);
        double[] scaling = [.. Enumerable.Range(0, count).Select(i => Magnitudes(count)[i, 0] / lengths[i])];
        var svd = JacobiSvd.Of(sample.Delta);
        int[] kept = [.. Enumerable.Range(0, svd.Values.Length).Where(i => svd.Values[i] >= Math.Pow(10, -0.3) * svd.Values[0])];
        Matrix truncated = weight - -1 * svd.Part(kept);
        Matrix expected = truncated.Map((row, column) => truncated[row, column] * scaling[perRow ? row : column / group]);

        ResizeResult result = _bench.Write(File(sample, tensor, shape, name), Half, precision, checkpoint)!;

        Assert.Empty(_bench.Errors);
        Assert.Equal(kept.Length, result.Rank);
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal(shape, file.Header.Find($"{name}.{tensor}")!.Shape);
        Matrix merged = weight - -1 * LoraFile.EffectiveDeltas(result.Path)[name];
        double[] newLengths = Norms(merged, group);
        Matrix written = SampleFile.ReadMatrix(file, $"{name}.{tensor}");
        double[] magnitudes = [.. Enumerable.Range(0, count).Select(i => written[i / written.Columns, i % written.Columns])];
        Matrix actual = merged.Map((row, column) => merged[row, column] * magnitudes[perRow ? row : column / group] / newLengths[perRow ? row : column / group]);
        double error = (expected - actual).FrobeniusNorm / expected.FrobeniusNorm;
        Assert.True(error <= tolerance, $"The relative error is {error}.");

        // The test must be able to fail: with the old magnitudes it would.
        Matrix stale = merged.Map((row, column) => merged[row, column] * Magnitudes(count)[perRow ? row : column / group, 0] / newLengths[perRow ? row : column / group]);
        Assert.True((expected - stale).FrobeniusNorm / expected.FrobeniusNorm > 3 * tolerance);
        return result;
    }

    private static double[] Norms(Matrix matrix, int group)
    {
        double[] squares = new double[group == 0 ? matrix.Rows : matrix.Columns / group];
        for (int row = 0; row < matrix.Rows; row++)
        {
            for (int column = 0; column < matrix.Columns; column++)
                squares[group == 0 ? row : column / group] += matrix[row, column] * matrix[row, column];
        }

        return [.. squares.Select(Math.Sqrt)];
    }

    private static SampleFile File(SampleAdapter sample, string tensor, long[] shape, string name = Linear) =>
        sample.AddTo(new SampleFile(), name).Add($"{name}.{tensor}", Magnitudes((int)shape.Max()), shape: shape);

    private static Matrix Magnitudes(int count) => new Matrix(count, 1).Map((row, _) => 1 + row * 0.125);

    private static Matrix Weight(SampleAdapter sample) =>
        SampleFile.ReadBack(0.2 * Matrix.Gaussian(sample.Delta.Rows, sample.Delta.Columns, new Random(8)), SafetensorsDType.F32);

    private static SampleFile Base(SampleAdapter sample, Matrix weight) => new SampleFile().Add(LinearBase, weight, shape: sample.WeightShape);
}
