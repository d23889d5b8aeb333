using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.RealFiles;

/// <summary>LoRAs that others have trained, in four styles of naming.</summary>
public sealed class RealLoraTests : IDisposable
{
    private readonly Bench _bench = new();

    public static TheoryData<string, string, string> Cases()
    {
        var data = new TheoryData<string, string, string>();
        foreach (string name in new[] { "sd15_diffusers_pokemon", "sd15_attn_procs", "sd15_peft_skin_lesion", "sd15_cloneofsimo_disney" })
        {
            foreach (string recipe in new[] { "spn_lora=1,thr=-0.3", "fro_lora=1,thr=-0.5" })
            {
                data.Add(name, recipe, "Float32");
                data.Add(name, recipe, "Float16");
            }
        }

        return data;
    }

    public void Dispose() => _bench.Dispose();

    [RealFilesTheory]
    [MemberData(nameof(Cases))]
    public void Effective_delta_is_the_truncated_delta(string name, string recipe, string precision)
    {
        // Some layers of one file were never trained: they are zero, and so nothing of them is kept.
        var input = LoraFile.Layers(PathOf(name)).Where(pair => pair.Value.Up.FrobeniusNorm > 0).ToDictionary(StringComparer.Ordinal);

        var output = LoraFile.Layers(Resize(name, recipe, precision).Path);

        Assert.Equal(input.Keys.Order(StringComparer.Ordinal), output.Keys.Order(StringComparer.Ordinal));
        double tolerance = precision == "Float32" ? 1e-6 : 1e-3;
        foreach ((string layer, (double scale, Matrix up, Matrix down)) in input)
        {
            var svd = JacobiSvd.OfProduct(up, down);
            int[] kept = Kept(svd.Values, recipe);
            (double newScale, Matrix newUp, Matrix newDown) = output[layer];
            Assert.Equal(kept.Length, newDown.Rows);

            // ΔW′ - ideal, as a product of thin factors: [up′, -U·σ] · [down′; Vᵀ].
            Matrix u = svd.U.SelectColumns(kept);
            Matrix v = svd.Vt.Transpose().SelectColumns(kept);
            var left = new Matrix(u.Rows, 2 * kept.Length);
            left = left.Map((row, k) => k < kept.Length ? newScale * newUp[row, k] : -scale * svd.Values[kept[k - kept.Length]] * u[row, k - kept.Length]);
            var right = new Matrix(2 * kept.Length, v.Rows);
            right = right.Map((k, column) => k < kept.Length ? newDown[k, column] : v[column, k - kept.Length]);
            double ideal = Math.Abs(scale) * Norm(kept.Select(k => svd.Values[k]));
            Assert.True(Norm(JacobiSvd.OfProduct(left, right).Values) <= tolerance * ideal, layer);
        }
    }

    [RealFilesTheory]
    [MemberData(nameof(Cases))]
    public void Style_of_naming_is_the_input_s(string name, string recipe, string precision)
    {
        var input = ReferenceFile.Open(PathOf(name));

        var output = ReferenceFile.Open(Resize(name, recipe, precision).Path);

        Assert.Empty(output.Names.Where(tensor => !tensor.EndsWith(".alpha", StringComparison.Ordinal)).Except(input.Names));
        Assert.Equal(input.Metadata.Keys.Concat(["resize_params", "sshs_legacy_hash", "sshs_model_hash"]).Order(StringComparer.Ordinal), output.Metadata.Keys.Order(StringComparer.Ordinal));
    }

    [RealFilesTheory]
    [InlineData("sd15_diffusers_pokemon", ".lora.up.weight", ".alpha")]
    [InlineData("sd15_attn_procs", "_lora.up.weight", ".alpha")]
    public void Every_layer_gets_an_alpha_in_the_style_of_its_file(string name, string up, string alpha)
    {
        string[] names = [.. ReferenceFile.Open(Resize(name, "spn_lora=1,thr=-0.3", "Float16").Path).Names];

        Assert.Equal(
            names.Where(tensor => tensor.EndsWith(up, StringComparison.Ordinal)).Select(tensor => tensor[..^up.Length] + alpha).Order(StringComparer.Ordinal),
            names.Where(tensor => tensor.EndsWith(alpha, StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    /// <summary>The loader of one would take an alpha tensor for a factor; that of the other would refuse it.</summary>
    [RealFilesTheory]
    [InlineData("sd15_cloneofsimo_disney")]
    [InlineData("sd15_peft_skin_lesion")]
    public void File_in_a_style_without_alphas_gets_none(string name) =>
        Assert.DoesNotContain(ReferenceFile.Open(Resize(name, "spn_lora=1,thr=-0.3", "Float16").Path).Names, tensor => tensor.Contains("alpha", StringComparison.Ordinal));

    [RealFilesFact]
    public void Embeddings_beside_the_layers_are_copied()
    {
        var input = ReferenceFile.Open(PathOf("sd15_cloneofsimo_disney"));

        var output = ReferenceFile.Open(Resize("sd15_cloneofsimo_disney", "spn_lora=1,thr=-0.3", "Float16").Path);

        foreach (string token in new[] { "<s1>", "<s2>" })
        {
            Assert.Equal("F32", output.DType(token));
            Assert.Equal(input.Bytes(token), output.Bytes(token));
            Assert.Equal("<embed>", output.Metadata[token]);
        }
    }

    /// <summary>
    /// ΔW = (alpha / 8) · (W₁ₐ·W₁ᵦ) ⊗ (W₂ₐ·W₂ᵦ). Of all matrices of its rank, only the best part of ΔW is as near to it as the
    /// dropped singular values say.
    /// </summary>
    [RealFilesFact]
    public void Lokr_becomes_the_LoRA_that_is_nearest_to_it()
    {
        var input = ReferenceFile.Open(PathOf("sd15_lokr_falcon"));

        RunResult run = _bench.Run("Invoke-LoraResize $args[0] -Recipe 'spn_lora=1,thr=-1' -Precision Float32 -Destination out", PathOf("sd15_lokr_falcon"));

        Assert.Empty(run.Errors);
        Assert.Contains("did not get smaller", Assert.Single(run.Warnings), StringComparison.Ordinal);
        ResizeResult result = run.Only<ResizeResult>();

        // Three layers were never trained.
        Assert.Equal((350, 347), (result.SourceLayerCount, result.LayerCount));
        Dictionary<string, (double Scale, Matrix Up, Matrix Down)> output = LoraFile.Layers(result.Path);
        using SafetensorsFile file = SafetensorsFile.Open(PathOf("sd15_lokr_falcon"));
        IEnumerable<string> trained = input.Names
            .Select(tensor => tensor.Split('.')[0])
            .Distinct()
            .Where(layer => (Read(layer, "lokr_w1_a") * Read(layer, "lokr_w1_b")).LargestMagnitude > 0 && (Read(layer, "lokr_w2_a") * Read(layer, "lokr_w2_b")).LargestMagnitude > 0);
        Assert.Equal(trained.Order(StringComparer.Ordinal), output.Keys.Order(StringComparer.Ordinal));
        foreach ((string layer, (double scale, Matrix up, Matrix down)) in output.Where((_, i) => i % 10 == 0))
        {
            Matrix first = Read(layer, "lokr_w1_a") * Read(layer, "lokr_w1_b");
            Matrix second = Read(layer, "lokr_w2_a") * Read(layer, "lokr_w2_b");
            double alpha = SampleFile.ReadMatrix(file, $"{layer}.alpha")[0, 0];
            double[] left = JacobiSvd.OfProduct(Read(layer, "lokr_w1_a"), Read(layer, "lokr_w1_b")).Values;
            double[] right = JacobiSvd.OfProduct(Read(layer, "lokr_w2_a"), Read(layer, "lokr_w2_b")).Values;
            double[] values = [.. left.SelectMany(value => right.Select(other => alpha / 8 * value * other)).OrderDescending()];
            int kept = values.Count(value => value >= values[0] / 10);
            Assert.Equal(kept, down.Rows);
            Matrix written = scale * (up * down);
            Matrix dropped = written.Map((row, column) => written[row, column]
                - alpha / 8 * first[row / second.Rows, column / second.Columns] * second[row % second.Rows, column % second.Columns]);
            Assert.True(Math.Abs(dropped.FrobeniusNorm - Norm(values.Skip(kept))) <= 1e-6 * Norm(values), layer);
        }

        Matrix Read(string layer, string tensor) => SampleFile.ReadMatrix(file, $"{layer}.{tensor}");
    }

    /// <summary>Names and shapes alone, as a whole checkpoint has two gigabytes.</summary>
    [RealFilesTheory]
    [InlineData("sd15_diffusers_pokemon", 128)]
    [InlineData("sd15_attn_procs", 128)]
    [InlineData("sd15_peft_skin_lesion", 128)]
    [InlineData("sd15_lokr_falcon", 350)]
    [InlineData("sd15_cloneofsimo_disney", 192)]
    public void Every_layer_finds_its_base_layer_in_a_checkpoint_of_its_model(string name, int count)
    {
        var index = new BaseCheckpointIndex(
            new SafetensorsHeader([.. KeyFile.Tensors("sd15_checkpoint_singlefile").Select(tensor => new TensorInfo(tensor.Name, tensor.DType, tensor.Shape, 0, 0))], [], hasMetadata: false, dataStart: 8),
            "base.safetensors");
        using SafetensorsFile file = SafetensorsFile.Open(PathOf(name));

        AdapterContents contents = AdapterContents.Read(file.Header, file.Path);

        Assert.Equal(count, contents.Layers.Count);
        var pairs = new AdapterPairs(contents.Layers, file.Path, index);
        Assert.All(contents.Layers, layer => Assert.NotNull(pairs.Of(layer).BaseLayer));
    }

    private static string PathOf(string name) => Path.Combine(TestPaths.RealFiles, $"{name}.safetensors");

    private static int[] Kept(double[] values, string recipe)
    {
        double reference = recipe.StartsWith("spn", StringComparison.Ordinal) ? values[0] : Norm(values);
        double threshold = recipe.StartsWith("spn", StringComparison.Ordinal) ? -0.3 : -0.5;
        double[] scores = [.. values.Select(value => Math.Log10(value / reference))];

        // Closer than that to the threshold, a value might fall to either side.
        Assert.All(scores, score => Assert.True(Math.Abs(score - threshold) > 1e-6));
        return [.. Enumerable.Range(0, values.Length).Where(i => scores[i] >= threshold)];
    }

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));

    private ResizeResult Resize(string name, string recipe, string precision) =>
        _bench.RunGrowing("Invoke-LoraResize $args[0] -Recipe $args[1] -Precision $args[2] -Destination out", PathOf(name), recipe, precision).Only<ResizeResult>();
}
