using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Differences;

/// <summary>Differences against sums over the entries of both matrices, in plain float64.</summary>
public sealed class ComparisonTests : IDisposable
{
    private const string Layer = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
    private const string LayerBase = "conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight";
    private const double Exact = 1e-9;

    private readonly CompareBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Linear_layers_of_all_types_are_compared_with_each_other()
    {
        var random = new Random(1);
        AssertAll(
        [
            SampleAdapter.Lora("LoRA", random, 4, 24, 18),
            SampleAdapter.Lora("LoRA of another rank", random, 7, 24, 18),
            SampleAdapter.Lora("LoRA of more than full rank", random, 20, 24, 18),
            SampleAdapter.Loha("LoHa", random, 3, 4, flat: false, 24, 18),
            SampleAdapter.Loha("LoHa beyond both sides", random, 5, 4, flat: false, 24, 18),
            SampleAdapter.Lokr("LoKr whole", random, [4, 3], [6, 6], null, null, alpha: 1e10),
            SampleAdapter.Lokr("LoKr half whole", random, [4, 3], [6, 6], null, 3, alpha: 6),
            SampleAdapter.Lokr("LoKr of products", random, [8, 9], [3, 2], 2, 2, alpha: 2),
            SampleAdapter.Full("full weight", random, 24, 18),
        ]);
    }

    [Fact]
    public void Convolutions_of_all_types_are_compared_with_each_other()
    {
        var random = new Random(2);
        AssertAll(
        [
            SampleAdapter.Lora("LoCon", random, 4, 20, 6, 3, 3),
            SampleAdapter.Tucker("Tucker", random, 4, 20, 6, 3, 3),
            SampleAdapter.Loha("LoHa flat", random, 2, 3, flat: true, 20, 6, 3, 3),
            SampleAdapter.LohaTucker("LoHa Tucker", random, 3, 20, 6, 3, 3),
            SampleAdapter.Lokr("LoKr flat", random, [4, 2], [5, 3, 3, 3], null, 4, alpha: 2),
            SampleAdapter.Lokr("LoKr whole", random, [4, 2], [5, 3, 3, 3], null, null, alpha: 7),
            SampleAdapter.LokrTucker("LoKr Tucker", random, [4, 2], [5, 3, 3, 3], 2, alpha: 3),
            SampleAdapter.Full("full weight", random, 20, 6, 3, 3),
        ]);
    }

    [Fact]
    public void Formats_are_compared_as_the_numbers_that_they_hold()
    {
        SafetensorsDType[] types = [SafetensorsDType.F32, SafetensorsDType.F16, SafetensorsDType.BF16, SafetensorsDType.F8_E4M3, SafetensorsDType.F8_E5M2];
        foreach (SafetensorsDType first in types)
        {
            foreach (SafetensorsDType second in types)
            {
                SampleFile a = new SampleFile().AddLora(Layer, 30, 21, 5, new Random(3), alpha: 2, dtype: first);
                SampleFile b = new SampleFile().AddLora(Layer, 30, 21, 5, new Random(3), alpha: 2, dtype: second);
                LoraDifference difference = Assert.Single(_bench.Compare(a, b));
                AssertDifference(LoraFile.EffectiveDeltas(_bench.Folder["a.safetensors"])[Layer], LoraFile.EffectiveDeltas(_bench.Folder["b.safetensors"])[Layer], difference);
                Assert.Equal(first == second, difference.DifferenceNorm == 0);
            }
        }
    }

    [Theory]
    [InlineData(new long[] { 20, 1 }, false)]
    [InlineData(new long[] { 1, 14 }, false)]
    [InlineData(new long[] { 20, 1 }, true)]
    public void DoRA_is_what_it_changes_of_the_weight(long[] shape, bool isTransposed)
    {
        var random = new Random(4);
        string name = isTransposed ? "lora_te2_text_projection" : Layer;
        SampleAdapter[] samples = [SampleAdapter.Lora("a", random, 6, 20, 14), SampleAdapter.Lora("b", random, 4, 20, 14)];
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(20, 14, random), SafetensorsDType.F32);
        SampleFile checkpoint = isTransposed ? new SampleFile().Add("conditioner.embedders.1.model.text_projection", weight.Transpose()) : new SampleFile().Add(LayerBase, weight);
        Matrix magnitudes = SampleFile.ReadBack(new Matrix((int)shape.Max(), 1).Map((row, _) => 3 + 0.1 * row), SafetensorsDType.F32);
        Matrix[] effective = [.. samples.Select(sample => DoraChange(weight, sample.Delta, magnitudes, shape[0] == 20))];
        SampleFile Dora(SampleAdapter sample) => sample.AddTo(new SampleFile(), name).Add($"{name}.dora_scale", magnitudes, shape: shape);

        AssertDifference(effective[0], effective[1], Assert.Single(_bench.Compare(Dora(samples[0]), Dora(samples[1]), checkpoint)), weight);
        AssertDifference(effective[0], samples[1].Delta, Assert.Single(_bench.Compare(Dora(samples[0]), samples[1].AddTo(new SampleFile(), name), checkpoint)), weight);
        Assert.Empty(_bench.Host.Warnings);

        // Without the weight, there is ΔW.
        AssertDifference(samples[0].Delta, samples[1].Delta, Assert.Single(_bench.Compare(Dora(samples[0]), Dora(samples[1]))));
        Assert.All(_bench.Host.Warnings, warning => Assert.Contains("-Checkpoint", warning, StringComparison.Ordinal));
        Assert.Equal(2, _bench.Host.Warnings.Count);
    }

    [Fact]
    public void A_file_is_not_far_from_itself_under_other_names()
    {
        SampleFile[] files =
        [
            Named("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q", "lora_unet_output_blocks_2_0_in_layers_2", "lora_te1_text_model_encoder_layers_3_self_attn_q_proj", ".lora_up.weight", ".lora_down.weight"),
            Named("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", "lora_unet_up_blocks_0_resnets_2_conv1", "lora_te1_text_model_encoder_layers_3_self_attn_q_proj", ".lora_up.weight", ".lora_down.weight"),
            Named("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", "unet.up_blocks.0.resnets.2.conv1", "text_encoder.text_model.encoder.layers.3.self_attn.q_proj", ".lora_B.weight", ".lora_A.weight"),
            Named("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q", "unet.up_blocks.0.resnets.2.conv1", "text_encoder.text_model.encoder.layers.3.self_attn.to_q", "_lora.up.weight", "_lora.down.weight"),
            Named("base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", "base_model.model.up_blocks.0.resnets.2.conv1", "base_model.model.text_model.encoder.layers.3.self_attn.q_proj", ".lora_B.weight", ".lora_A.weight"),
        ];
        foreach (SampleFile first in files)
        {
            foreach (SampleFile second in files)
            {
                IReadOnlyList<LoraDifference> layers = _bench.Compare(first, second);
                Assert.Equal(3, layers.Count);
                Assert.All(layers, layer => Assert.Equal(("==", 0, 0, 1), (layer.SideIndicator, layer.DifferenceNorm, layer.RelativeError, Math.Round(layer.Cosine!.Value, 9))));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fused_layer_is_the_same_as_its_parts(bool fusedFirst)
    {
        var random = new Random(6);
        string[] parts = ["to_q", "to_k", "to_v"];
        Matrix[] downs = [.. parts.Select(_ => Matrix.Gaussian(3, 12, random))];
        Matrix[] ups = [.. parts.Select(_ => Matrix.Gaussian(12, 3, random))];
        var split = new SampleFile();
        for (int i = 0; i < parts.Length; i++)
            split.Add($"transformer.transformer_blocks.4.attn.{parts[i]}.lora_B.weight", ups[i], SafetensorsDType.F64).Add($"transformer.transformer_blocks.4.attn.{parts[i]}.lora_A.weight", downs[i], SafetensorsDType.F64);

        // The fused factors, block by block; the last part differs.
        Matrix up = new Matrix(36, 9).Map((row, k) => row / 12 == k / 3 ? ups[k / 3][row % 12, k % 3] * (k / 3 == 2 ? 1.5 : 1) : 0);
        SampleFile fused = new SampleFile()
            .Add("lora_unet_double_blocks_4_img_attn_qkv.lora_up.weight", up, SafetensorsDType.F64)
            .Add("lora_unet_double_blocks_4_img_attn_qkv.lora_down.weight", new Matrix(9, 12).Map((k, column) => downs[k / 3][k % 3, column]), SafetensorsDType.F64);
        double third = (ups[2] * downs[2]).FrobeniusNorm;

        IReadOnlyList<LoraDifference> layers = fusedFirst ? _bench.Compare(fused, split) : _bench.Compare(split, fused);

        if (fusedFirst)
        {
            LoraDifference layer = Assert.Single(layers);
            Assert.Equal(0.5 * third, layer.DifferenceNorm, Exact);
            Assert.Equal((9, 9, "double_blocks_4"), (layer.ReferenceRank, layer.Rank, layer.Block));
            Assert.Equal("transformer.transformer_blocks.4.attn.to_q + transformer.transformer_blocks.4.attn.to_k + transformer.transformer_blocks.4.attn.to_v", layer.DifferenceName);
        }
        else
        {
            Assert.Equal([0, 0, 0.5 * third], [.. layers.OrderBy(layer => layer.DifferenceNorm).Select(layer => Math.Round(layer.DifferenceNorm, 9))], new Near());
            Assert.All(layers, layer => Assert.Equal("lora_unet_double_blocks_4_img_attn_qkv", layer.DifferenceName));
        }

        Assert.All(layers, layer => Assert.Equal("==", layer.SideIndicator));
    }

    [Fact]
    public void What_only_one_has_is_listed_as_such_also_a_part_of_a_fused_layer()
    {
        var random = new Random(7);
        SampleFile a = new SampleFile().AddLora("lora_unet_double_blocks_0_img_attn_qkv", 36, 12, 4, random).AddLora("lora_unet_double_blocks_1_img_attn_qkv", 36, 12, 4, random);
        SampleFile b = new SampleFile().AddLora("transformer.transformer_blocks.0.attn.to_k", 12, 12, 2, random).AddLora("transformer.transformer_blocks.0.ff.net.2", 12, 48, 2, random);
        string[] names = ["lora_unet_double_blocks_0_img_attn_qkv", "lora_unet_double_blocks_1_img_attn_qkv"];

        IReadOnlyList<LoraDifference> layers = _bench.Compare(a, b);
        Assert.Equal([("==", names[0]), ("<=", names[1]), ("=>", "transformer.transformer_blocks.0.ff.net.2")], layers.Select(layer => (layer.SideIndicator, layer.Name)));
        LoraDifference only = layers.Single(layer => layer.SideIndicator == "<=");
        Assert.Equal((0, 0, only.ReferenceNorm, 1, (double?)null, null), (only.Rank, only.Norm, only.DifferenceNorm, only.RelativeError, only.Cosine, only.DifferenceName));
        LoraDifference other = layers.Single(layer => layer.SideIndicator == "=>");
        Assert.Equal((0, 0, other.Norm, (double?)null, null), (other.ReferenceRank, other.ReferenceNorm, other.DifferenceNorm, other.RelativeError, other.Cosine));

        // The other way round, q and v are what only the second has, and nothing is lost in the sum.
        IReadOnlyList<LoraDifference> back = _bench.Compare(b, a);
        LoraDifference rest = back.Single(layer => layer.SideIndicator == "=>" && layer.Name == names[0]);
        Matrix fused = LoraFile.EffectiveDeltas(_bench.Folder["b.safetensors"])[names[0]];
        Assert.Equal(new Matrix(24, 12).Map((row, column) => fused[row < 12 ? row : row + 12, column]).FrobeniusNorm, rest.Norm, Exact);
        Assert.Equal(Total(layers).DifferenceNorm, Total(back).DifferenceNorm, Exact);
    }

    [Theory]
    [InlineData("spn_lora=1,thr=-0.3")]
    [InlineData("fro_lora=1,thr=-0.5")]
    public void A_resized_file_is_as_far_from_its_source_as_the_result_says(string recipe)
    {
        using var resizing = new ResizeBench();
        var random = new Random(8);
        SampleFile lora = new SampleFile()
            .AddLora("lora_te1_text_model_encoder_layers_0_mlp_fc1", 40, 30, 8, random, alpha: 4)
            .AddLora("lora_te1_text_model_encoder_layers_1_mlp_fc1", 40, 30, 8, random, alpha: 4)
            .AddLora("lora_unet_middle_block_1_proj_in", 30, 30, 8, random, alpha: 1);

        ResizeResult result = resizing.Write(lora, recipe, ResizePrecision.Float32)!;

        Assert.InRange(result.RelativeError, 0.01, 0.99);
        Assert.Equal(result.RelativeError, Total(_bench.Compare(result.SourcePath, result.Path)).RelativeError!.Value, 1e-6);
    }

    [Fact]
    public void The_base_is_what_errors_are_related_to()
    {
        SampleFile a = new SampleFile().AddLora(Layer, 12, 9, 4, new Random(9)).AddLora("lora_unet_middle_block_1_proj_in", 8, 8, 2, new Random(10));
        SampleFile b = new SampleFile().AddLora(Layer, 12, 9, 4, new Random(11)).AddLora("lora_unet_middle_block_1_proj_in", 8, 8, 2, new Random(12));
        Matrix weight = SampleFile.ReadBack(Matrix.Gaussian(12, 9, new Random(13)), SafetensorsDType.F32);

        IReadOnlyList<LoraDifference> layers = _bench.Compare(a, b, new SampleFile().Add(LayerBase, weight));

        LoraDifference known = layers.Single(layer => layer.Name == Layer);
        Assert.Equal(known.DifferenceNorm / weight.FrobeniusNorm, known.BaseRelativeError!.Value, Exact);
        Assert.Null(layers.Single(layer => layer.Name != Layer).BaseRelativeError);
        Assert.Equal(known.BaseRelativeError!.Value, Total(layers).BaseRelativeError!.Value, Exact);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_number_that_is_none_is_found_in_the_file_that_has_it(bool inReference)
    {
        SampleFile sound = new SampleFile().AddLora(Layer, 12, 9, 4, new Random(9));
        Matrix broken = Matrix.Gaussian(12, 4, new Random(10));
        broken[3, 2] = double.NaN;
        SampleFile damaged = new SampleFile().Add($"{Layer}.lora_up.weight", broken).Add($"{Layer}.lora_down.weight", Matrix.Gaussian(4, 9, new Random(11)));

        ResizeLoraException error = inReference ? _bench.Refused(damaged, sound) : _bench.Refused(sound, damaged);

        Assert.Equal("NonFiniteValue", error.ErrorId);
        Assert.Contains(_bench.Folder[inReference ? "a.safetensors" : "b.safetensors"], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_bench.Folder[inReference ? "b.safetensors" : "a.safetensors"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoRAs_of_different_models_are_refused()
    {
        SampleFile Of(string name, int columns) => new SampleFile().AddLora($"lora_unet_input_blocks_1_1_{name}_to_k", 16, columns, 2, new Random(1)).AddLora($"lora_unet_input_blocks_2_1_{name}_to_k", 16, columns, 2, new Random(1));

        foreach ((string name, int columns) in new[] { ("attn1", 10), ("attn2", 12) })
        {
            ResizeLoraException error = _bench.Refused(Of("attn1", 12), Of(name, columns));
            Assert.Equal("DifferentModels", error.ErrorId);
            Assert.Equal(_bench.Folder["b.safetensors"], error.Target);
            Assert.Contains(_bench.Folder["a.safetensors"], error.Message, StringComparison.Ordinal);
            _bench.Host.Errors.Clear();
        }
    }

    private static SampleFile Named(string attention, string convolution, string textEncoder, string up, string down)
    {
        var random = new Random(5);
        return new SampleFile()
            .Add(attention + up, Matrix.Gaussian(16, 2, random)).Add(attention + down, Matrix.Gaussian(2, 16, random))
            .Add(convolution + up, Matrix.Gaussian(16, 2, random), SafetensorsDType.F32, 16, 2, 1, 1).Add(convolution + down, Matrix.Gaussian(2, 72, random), SafetensorsDType.F32, 2, 8, 3, 3)
            .Add(textEncoder + up, Matrix.Gaussian(12, 2, random)).Add(textEncoder + down, Matrix.Gaussian(2, 12, random));
    }

    private static LoraDifferenceSummary Total(IReadOnlyList<LoraDifference> layers) =>
        LoraDifferenceSummary.Of(layers).Single(summary => summary.Scope == DifferenceScope.All);

    private void AssertAll(SampleAdapter[] samples)
    {
        foreach (SampleAdapter first in samples)
        {
            foreach (SampleAdapter second in samples)
            {
                LoraDifference difference = Assert.Single(_bench.Compare(first.AddTo(new SampleFile(), Layer), second.AddTo(new SampleFile(), Layer)));
                AssertDifference(first.Delta, second.Delta, difference);
                if (first == second)
                    Assert.Equal(0, difference.DifferenceNorm);
            }
        }
    }

    private static void AssertDifference(Matrix a, Matrix b, LoraDifference difference, Matrix? weight = null)
    {
        double product = 0;
        a.Map((row, column) => product += a[row, column] * b[row, column]);
        Assert.Equal("==", difference.SideIndicator);
        Assert.Equal(1, difference.ReferenceNorm / a.FrobeniusNorm, Exact);
        Assert.Equal(1, difference.Norm / b.FrobeniusNorm, Exact);
        Assert.Equal((a - b).FrobeniusNorm / a.FrobeniusNorm, difference.RelativeError!.Value, Exact);
        Assert.Equal((a - b).FrobeniusNorm / a.FrobeniusNorm, difference.DifferenceNorm / difference.ReferenceNorm, Exact);
        Assert.Equal(product / a.FrobeniusNorm / b.FrobeniusNorm, difference.Cosine!.Value, Exact);
        Assert.Equal(weight is null ? (double?)null : 1, weight is null ? null : Math.Round(difference.BaseRelativeError!.Value * weight.FrobeniusNorm / difference.DifferenceNorm, 9));
    }

    /// <summary>W' − W, entry by entry.</summary>
    private static Matrix DoraChange(Matrix weight, Matrix delta, Matrix magnitudes, bool perRow)
    {
        Matrix merged = weight.Map((row, column) => weight[row, column] + delta[row, column]);
        double Length(int index) => Math.Sqrt(Enumerable.Range(0, perRow ? merged.Columns : merged.Rows).Sum(i => Math.Pow(perRow ? merged[index, i] : merged[i, index], 2)));
        double[] scales = [.. Enumerable.Range(0, magnitudes.Rows).Select(index => magnitudes[index, 0] / Length(index))];
        return merged.Map((row, column) => merged[row, column] * scales[perRow ? row : column] - weight[row, column]);
    }

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) <= 2 * Exact;

        public int GetHashCode(double obj) => 0;
    }
}
