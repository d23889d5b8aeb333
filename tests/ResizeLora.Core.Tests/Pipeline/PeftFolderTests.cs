using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Adapters.Peft;
using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Output;
using ResizeLora.Pipeline;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>Adapters that PEFT has saved: what is read is what PEFT makes of them, and what is written is for PEFT to load.</summary>
public sealed class PeftFolderTests : IDisposable
{
    private const string Everything = "spn_lora=1,thr=-30";
    private const string Half = "spn_lora=1,thr=-0.3";
    private const string Alpha16 = """{"r": 4, "lora_alpha": 16, "target_modules": ["to_q"], "peft_type": "LORA"}""";

    private readonly Workbench _bench = new();

    public static TheoryData<string> Names => [.. PeftSample.Names];

    public static TheoryData<string> WithoutMagnitudes => [.. PeftSample.Names.Except(["dora"])];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(WithoutMagnitudes))]
    public void Singular_values_are_those_of_what_PEFT_adds(string name)
    {
        IReadOnlyList<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(PeftSample.CopyTo(_bench.Folder["style"], name))];

        Dictionary<string, Matrix> expected = PeftSample.Expected(name);
        Assert.NotEmpty(layers);
        Assert.All(layers, layer =>
        {
            double[] exact = JacobiSvd.Of(expected[Module(layer.Name)]).Values;
            Assert.All(layer.SingularValues.Select((value, i) => Math.Abs(value - exact[i])), error => Assert.True(error <= 1e-5 * exact[0]));
            Assert.Equal(_bench.Folder["style"], layer.Path);
        });
    }

    [Theory]
    [InlineData("plain", false)]
    [InlineData("plain", true)]
    [InlineData("patterns", false)]
    [InlineData("patterns", true)]
    [InlineData("others", false)]
    [InlineData("others", true)]
    [InlineData("lora_bias", false)]
    [InlineData("loha", false)]
    [InlineData("lokr", false)]
    public void PEFT_makes_the_same_change_of_an_output_that_keeps_everything(string name, bool isOld)
    {
        string output = Assert.Single(_bench.Resize(PeftSample.CopyTo(_bench.Folder["style"], name), Everything)).Path;

        AssertSame(PeftSample.Expected(name), PeftSample.Load(output, Modules, isOld), 1e-5);
    }

    [Theory]
    [InlineData("plain", ResizePrecision.Float32)]
    [InlineData("patterns", ResizePrecision.Float32)]
    [InlineData("patterns", ResizePrecision.Float16)]
    [InlineData("loha", ResizePrecision.Float32)]
    [InlineData("lokr", ResizePrecision.BFloat16)]
    public void An_output_is_the_best_part_of_what_PEFT_adds(string name, ResizePrecision precision)
    {
        _bench.Options = _bench.Options with { Precision = precision };

        ResizeResult result = Assert.Single(_bench.Resize(PeftSample.CopyTo(_bench.Folder["style"], name), Half));

        string option = precision == ResizePrecision.Float16 ? string.Empty : $"_{precision.ShortName()}";
        Assert.Equal(_bench.Folder[$"style_spnlora1{option}_th-0.3"], result.Path);
        Assert.Equal(_bench.Folder["style"], result.SourcePath);
        Assert.Equal(new FileInfo(Path.Combine(result.Path, PeftSample.WeightsName)).Length, result.Size);
        Assert.Equal([PeftSample.ConfigurationName, PeftSample.WeightsName], Directory.GetFileSystemEntries(result.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Dictionary<string, Matrix> truncated = PeftSample.Expected(name).ToDictionary(
            pair => pair.Key,
            pair =>
            {
                var svd = JacobiSvd.Of(pair.Value);
                return svd.Part([.. Enumerable.Range(0, svd.Values.Length).Where(i => svd.Values[i] >= svd.Values[0] * Math.Pow(10, -0.3))]);
            },
            StringComparer.Ordinal);
        AssertSame(truncated, PeftSample.Load(result.Path, Modules), precision switch { ResizePrecision.Float32 => 1e-5, ResizePrecision.Float16 => 2e-3, _ => 1e-2 });
        AssertLoads(result.Path);
    }

    [Fact]
    public void Layers_of_which_nothing_is_kept_are_no_targets_of_the_output()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        double[] strongest = [.. PeftSample.Expected("plain").Values.Select(change => Math.Log10(JacobiSvd.Of(change).Values[0] / (change.Rows + change.Columns))).Order()];

        string output = Assert.Single(_bench.Resize(input, FormattableString.Invariant($"params=1,thr={strongest[5] - 0.0001}"))).Path;

        Dictionary<string, Matrix> loaded = PeftSample.Load(output, Modules);
        Assert.InRange(loaded.Count, 1, Modules.Length - 1);
        Assert.Equal(loaded.Count, LoraFile.Layers(output).Count);
    }

    [Fact]
    public void A_module_whose_name_ends_as_that_of_another_is_no_target_where_only_the_other_is()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        DecomposedLayer[] layers = [.. _bench.Pipeline().Decompose(input).Where(layer => !layer.Name.Contains("blocks.1.to_q", StringComparison.Ordinal))];

        string output = Assert.Single(_bench.Pipeline().Resize(input, [(ResizeRecipe.Parse(Half), layers)])).Path;

        Assert.Equal(layers.Select(layer => Module(layer.Name)).Order(StringComparer.Ordinal), PeftSample.Load(output, Modules).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Layers_that_are_filtered_out_are_no_targets_either()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        DecomposedLayer[] layers = [.. _bench.Pipeline().Decompose(input).Where(layer => layer.Name.Contains("blocks.1.", StringComparison.Ordinal))];

        string output = Assert.Single(_bench.Pipeline().Resize(input, [(ResizeRecipe.Parse(Half), layers)])).Path;

        Assert.Equal(["blocks.1.conv", "blocks.1.to_k", "blocks.1.to_q"], PeftSample.Load(output, Modules).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Tensors_that_are_no_layer_s_stay()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "others");

        string output = Assert.Single(_bench.Resize(input, Half)).Path;

        using SafetensorsFile before = SafetensorsFile.Open(Path.Combine(input, PeftSample.WeightsName));
        using SafetensorsFile after = SafetensorsFile.Open(Path.Combine(output, PeftSample.WeightsName));
        foreach (TensorInfo tensor in before.Header.Tensors.Where(tensor => !tensor.Name.Contains("to_q.lora_", StringComparison.Ordinal)))
            Assert.Equal(before.Read(tensor), after.Read(after.Header.Find(tensor.Name)!));
        Assert.Equal(before.Header.Tensors.Count, after.Header.Tensors.Count);
        Assert.Equal(["head"], Configuration(output).GetProperty("modules_to_save").EnumerateArray().Select(item => item.GetString()));
        Assert.Equal(PeftSample.Expected("others")["emb"].FrobeniusNorm, PeftSample.Load(output, Modules)["emb"].FrobeniusNorm, 5);
    }

    [Fact]
    public void A_layer_whose_factor_has_a_bias_stays_as_it_is_where_that_is_scaled()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "lora_bias");

        string output = Assert.Single(_bench.Resize(input, Half)).Path;

        // Of to_k alpha is the rank: its bias need not change.
        Assert.Contains("4 layers", Assert.Single(_bench.Host.Warnings), StringComparison.Ordinal);
        using SafetensorsFile after = SafetensorsFile.Open(Path.Combine(output, PeftSample.WeightsName));
        Assert.All(after.Header.Tensors.Where(tensor => tensor.Name.EndsWith("to_q.lora_A.weight", StringComparison.Ordinal)), tensor => Assert.Equal(3, tensor.Shape[0]));
        Assert.All(after.Header.Tensors.Where(tensor => tensor.Name.EndsWith("to_k.lora_A.weight", StringComparison.Ordinal)), tensor => Assert.InRange(tensor.Shape[0], 1, 2));
    }

    [Fact]
    public void DoRA_is_what_configuration_and_file_say()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "dora");
        using var checkpoint = BaseCheckpoint.Open(WriteBase(), cacheFolder: null, _bench.Host, CancellationToken.None);

        DecomposedLayer[] layers = [.. _bench.Pipeline(checkpoint).Decompose(input)];
        Assert.Equal(7, layers.Length);
        Dictionary<string, Matrix> expected = PeftSample.Expected("dora");
        Assert.All(layers, layer => Assert.Equal(expected[Module(layer.Name)].FrobeniusNorm, layer.FrobeniusNorm, 4));

        string output = Assert.Single(_bench.Pipeline(checkpoint).Resize(input, [ResizeRecipe.Parse(Everything)])).Path;
        AssertSame(expected, PeftSample.Load(output, Modules), 1e-5);
        Assert.True(Configuration(output).GetProperty("use_dora").GetBoolean());
    }

    [Theory]
    [InlineData("dora", false, "has DoRA magnitudes")]
    [InlineData("plain", true, "has no magnitudes")]
    public void DoRA_that_only_one_of_them_knows_is_an_error(string name, bool usesDora, string inMessage)
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], name, json => json["use_dora"] = usesDora);

        Refusal.Of("PeftDoraMismatch", () => _bench.Resize(input, Half), "base_model.model.", inMessage, PeftSample.ConfigurationName);
    }

    /// <summary>PEFT takes a missing use_dora for false, and would not read the magnitudes.</summary>
    [Fact]
    public void Magnitudes_beside_a_configuration_without_use_dora_are_an_error()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "dora", json => json.Remove("use_dora"));

        Refusal.Of("PeftDoraMismatch", () => _bench.Resize(input, Half), "has DoRA magnitudes", "no use_dora true", PeftSample.ConfigurationName);
    }

    [Fact]
    public void A_key_that_is_there_twice_is_said_so()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        string path = Path.Combine(input, PeftSample.ConfigurationName);
        File.WriteAllText(path, "{\"r\": 4, " + File.ReadAllText(path).TrimStart()[1..]);

        Refusal.Of("InvalidPeftConfig", () => _bench.Resize(input, Half), "it has the key 'r' twice", path);
    }

    [Fact]
    public void A_rank_that_is_not_that_of_the_factors_is_an_error_that_shows_both()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain", json => json["rank_pattern"] = new JsonObject { [@"blocks\.1\.to_k"] = 6 });

        Refusal.Of("PeftRankMismatch", () => _bench.Resize(input, Half), "base_model.model.blocks.1.to_k", "rank 4", "rank 6", PeftSample.ConfigurationName);
    }

    [Theory]
    [InlineData("""{"lora_alpha": 4, "r": 4}""", "4", "1")]
    [InlineData("""{"lora_alpha": 16, "r": 4, "use_rslora": true}""", "4", "8")]
    public void A_header_that_says_something_else_is_an_error_that_shows_both(string header, string configured, string inHeader)
    {
        string input = Write(Layers().AddMetadata(PeftConfiguration.HeaderKey, header), Alpha16);

        Refusal.Of("PeftAlphaMismatch", () => _bench.Resize(input, Half), "base_model.model.a.to_q", $"by {configured} according to", $"by {inHeader} according to", PeftSample.ConfigurationName, PeftConfiguration.HeaderKey);
    }

    [Fact]
    public void A_header_that_says_the_same_is_mended_too()
    {
        string input = Write(Layers().AddMetadata(PeftConfiguration.HeaderKey, Alpha16), Alpha16);

        string output = Assert.Single(_bench.Resize(input, Half)).Path;

        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(output, PeftSample.WeightsName));
        JsonElement header = JsonSerializer.Deserialize<JsonElement>(file.Header.FindMetadata(PeftConfiguration.HeaderKey)!);
        foreach (string key in new[] { "r", "lora_alpha", "rank_pattern", "alpha_pattern" })
            Assert.True(JsonElement.DeepEquals(Configuration(output).GetProperty(key), header.GetProperty(key)));
        AssertLoads(output);
    }

    [Fact]
    public void Tensors_of_alpha_that_say_the_same_are_left_out()
    {
        string input = Write(Layers().AddScalar("base_model.model.a.to_q.alpha", 16).AddScalar("base_model.model.stray.alpha", 1), Alpha16);

        string output = Assert.Single(_bench.Resize(input, Half)).Path;

        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(output, PeftSample.WeightsName));
        Assert.DoesNotContain(file.Header.Tensors, tensor => tensor.Name.EndsWith(".alpha", StringComparison.Ordinal));
    }

    [Fact]
    public void A_tensor_of_alpha_that_says_something_else_is_an_error_that_shows_both()
    {
        string input = Write(Layers().AddScalar("base_model.model.a.to_q.alpha", 4), Alpha16);

        Refusal.Of("PeftAlphaMismatch", () => _bench.Resize(input, Half), "base_model.model.a.to_q.alpha", "by 4 according to", "by 1 according to", PeftSample.ConfigurationName);
    }

    [Fact]
    public void The_modules_in_torch_s_attention_keep_the_rank_that_they_share()
    {
        SampleFile file = Layers();
        foreach (string name in new[] { "attn", "attn.base_layer.out_proj" })
        {
            file.Add($"base_model.model.{name}.lora_B.weight", Factor(12, 4, 7))
                .Add($"base_model.model.{name}.lora_A.weight", Factor(4, 12, 8));
        }

        string input = Write(file, Alpha16);
        string output = Assert.Single(_bench.Resize(input, Half)).Path;

        using SafetensorsFile written = SafetensorsFile.Open(Path.Combine(output, PeftSample.WeightsName));
        Assert.Equal(4, written.Header.Find("base_model.model.attn.lora_A.weight")!.Shape[0]);
        Assert.Equal(4, written.Header.Find("base_model.model.attn.base_layer.out_proj.lora_A.weight")!.Shape[0]);
        PeftConfiguration configuration = PeftConfiguration.OfFile("config", File.ReadAllBytes(Path.Combine(output, PeftSample.ConfigurationName)));
        Assert.Equal(4, configuration.For("base_model.model.attn")!.Of("base_model.model.attn", 4, "style").Scale);
        Assert.False(Configuration(output).GetProperty("rank_pattern").TryGetProperty("attn.base_layer.out_proj", out _));
    }

    [Fact]
    public void Weights_that_are_stored_as_in_x_out_are_compared_the_other_way_round()
    {
        Matrix weight = Matrix.Gaussian(12, 9, new Random(3));
        string path = new SampleFile().Add("a.to_q.weight", weight.Transpose()).Add("b.to_q.weight", Matrix.Gaussian(10, 8, new Random(4))).Write(_bench.Folder["base.safetensors"]);
        using var checkpoint = BaseCheckpoint.Open(path, cacheFolder: null, _bench.Host, CancellationToken.None);
        string input = Write(Layers(), Alpha16.Replace("{\"r\"", "{\"fan_in_fan_out\": true, \"r\"", StringComparison.Ordinal));

        DecomposedLayer[] layers = [.. _bench.Pipeline(checkpoint).Decompose(input)];

        Assert.Equal(weight.FrobeniusNorm, layers[0].BaseFrobeniusNorm!.Value, 5);
        Assert.Equal(["a.to_q.weight", "b.to_q.weight"], layers.Select(layer => layer.BaseLayer));
        string output = Assert.Single(_bench.Pipeline(checkpoint).Resize(input, [ResizeRecipe.Parse("subspace=1,thr=-9")])).Path;
        Assert.True(Configuration(output).GetProperty("fan_in_fan_out").GetBoolean());
        Assert.Equal(2, PeftSample.Load(output, ["a.to_q", "b.to_q"]).Count);
    }

    [Fact]
    public void Layers_of_another_type_than_a_converted_adapter_s_are_no_loss()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "loha");
        string path = new SampleFile().Add("blocks.0.to_q.weight", Matrix.Gaussian(10, 12, new Random(3))).Write(_bench.Folder["base.safetensors"]);
        using var checkpoint = BaseCheckpoint.Open(path, cacheFolder: null, _bench.Host, CancellationToken.None);

        Workbench.Finish(_bench.Pipeline(checkpoint).Resize(input, [ResizeRecipe.Default]));
        ResizeLoraException error = Assert.Single(_bench.Host.Errors);
        Assert.Equal("UnsupportedLayer", error.ErrorId);
        Assert.Contains("-UnmatchedLayer Drop", error.Message, StringComparison.Ordinal);

        _bench.Options = _bench.Options with { UnmatchedLayer = UnmatchedLayer.Drop };
        string output = Assert.Single(_bench.Pipeline(checkpoint).Resize(input, [ResizeRecipe.Default])).Path;
        Assert.Equal(["blocks.0.to_q"], PeftSample.Load(output, Modules).Keys);
    }

    [Fact]
    public void An_output_says_what_made_it_and_is_known_again()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        _bench.Options = _bench.Options with { SkipExisting = true };
        string output = Assert.Single(_bench.Resize(input, Half)).Path;

        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(output, PeftSample.WeightsName)))
        {
            IReadOnlyDictionary<string, string> recorded = OutputMetadata.Recorded(file.Header)!;
            Assert.Equal("\"style\"", recorded["source"]);
            Assert.Equal($"\"{Hash.OfFile(Path.Combine(input, PeftSample.WeightsName))}\"", recorded["source_sha256"]);
            Assert.Equal($"\"{Hash.OfFile(Path.Combine(input, PeftSample.ConfigurationName))}\"", recorded["source_config_sha256"]);
        }

        Assert.Empty(_bench.Resize(input, Half));
        Assert.Empty(_bench.Resize(Path.Combine(input, PeftSample.WeightsName), Half));
        Assert.Empty(_bench.Host.Errors);

        File.WriteAllText(Path.Combine(input, PeftSample.ConfigurationName), Alpha16.Replace("16", "8", StringComparison.Ordinal));
        Assert.Empty(_bench.Resize(input, Half));
        Assert.Equal("OutputExists", Assert.Single(_bench.Host.Errors).ErrorId);
    }

    [Fact]
    public void A_size_is_that_of_the_safetensors_file()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        const int budget = 5000;

        ResizeResult result = Assert.Single(_bench.Resize(input, FormattableString.Invariant($"spn_lora=1,size={budget / 1048576.0}")));

        Assert.InRange(result.Size, budget - 500, budget);
        Assert.Equal(result.Size, new FileInfo(Path.Combine(result.Path, PeftSample.WeightsName)).Length);
    }

    [Fact]
    public void An_output_is_replaced_whole_when_asked()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        string output = Assert.Single(_bench.Resize(input, Half)).Path;
        File.WriteAllText(Path.Combine(output, PeftSample.ConfigurationName), "old");

        Assert.Empty(_bench.Resize(input, Half));
        Assert.Equal("OutputExists", Assert.Single(_bench.Host.Errors).ErrorId);

        _bench.Options = _bench.Options with { Overwrite = true };
        Assert.Single(_bench.Resize(input, Half));
        AssertLoads(output);
        Assert.Equal([_bench.Folder["style"], output], Directory.GetFileSystemEntries(_bench.Folder.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("README.md", "FolderHoldsMore")]
    [InlineData(null, "OutputExists")]
    public void What_is_in_the_way_and_not_ours_is_never_replaced(string? entry, string errorId)
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        string output = _bench.Folder["style_spnlora1_fp32_th-0.3"];
        if (entry is not null)
            Directory.CreateDirectory(output);
        string precious = entry is null ? output : Path.Combine(output, entry);
        File.WriteAllText(precious, "precious");
        _bench.Options = _bench.Options with { Overwrite = true };

        Assert.Empty(_bench.Resize(input, Half));

        Assert.Equal(errorId, Assert.Single(_bench.Host.Errors).ErrorId);
        Assert.Contains(output, _bench.Host.Errors[0].Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(precious));
    }

    [Fact]
    public void An_input_is_never_replaced_by_any_of_its_names()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        var guard = new OutputGuard(_bench.Options with { Overwrite = true });
        guard.AddInput(input);
        foreach (string path in new[] { input, Path.Combine(input, PeftSample.WeightsName), Path.Combine(input, PeftSample.ConfigurationName) })
            Refusal.Of("OutputIsInput", () => guard.Claim(path, AdapterLocation.Of(_bench.Folder["other"]), new OutputRecord { Recipe = ResizeRecipe.Default, Threshold = -1.2 }), path);
    }

    [Fact]
    public void A_configuration_that_is_edited_meanwhile_is_an_error()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        _bench.Host.AtStep = stage =>
        {
            if (stage == "Writing layer")
                File.AppendAllText(Path.Combine(input, PeftSample.ConfigurationName), " ");
        };

        Refusal.Of("FileChanged", () => _bench.Resize(input, Half), Path.Combine(input, PeftSample.ConfigurationName));
        Assert.Equal([input], Directory.GetFileSystemEntries(_bench.Folder.Path));
    }

    [Fact]
    public void Layers_that_were_kept_are_refused_when_their_configuration_says_something_else()
    {
        string input = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        DecomposedLayer[] layers = [.. _bench.Pipeline().Decompose(input)];
        string path = Path.Combine(input, PeftSample.ConfigurationName);
        string text = File.ReadAllText(path);

        // Another order of keys says the same.
        File.WriteAllText(path, text + "\n");
        Assert.Single(_bench.Pipeline().Resize(input, [(ResizeRecipe.Parse(Half), layers)]));

        File.WriteAllText(path, text.Replace("\"lora_alpha\":16", "\"lora_alpha\":8", StringComparison.Ordinal));
        Refusal.Of("FileChanged", () => Workbench.Finish(_bench.Pipeline().Resize(input, [(ResizeRecipe.Parse("spn_lora=1,thr=-0.4"), layers)])), input);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Weights_alone_are_resized_with_a_warning_that_alpha_is_not_known(bool isKnown)
    {
        SampleFile file = isKnown ? Layers().AddMetadata(PeftConfiguration.HeaderKey, Alpha16) : Layers();
        string path = file.Write(_bench.Folder["adapter_model.safetensors"]);

        Assert.Equal(_bench.Folder["adapter_model_spnlora1_fp32_th-0.3.safetensors"], Assert.Single(_bench.Resize(path, Half)).Path);

        Assert.Equal(!isKnown, _bench.Host.Warnings.Any(warning => warning.Contains("adapter_config.json", StringComparison.Ordinal)));
    }

    private string Write(SampleFile file, string configuration) => PeftSample.Write(_bench.Folder["style"], file, configuration);

    private string WriteBase()
    {
        var random = new Random(6);
        SampleFile file = new SampleFile().Add("to_q.weight", Matrix.Gaussian(7, 9, random));
        for (int i = 0; i < 3; i++)
        {
            file.Add($"blocks.{i}.to_q.weight", Matrix.Gaussian(10, 12, random))
                .Add($"blocks.{i}.conv.weight", Matrix.Gaussian(5, 27, random), shape: [5, 3, 3, 3]);
        }

        return file.Write(_bench.Folder["base.safetensors"]);
    }

    private static JsonElement Configuration(string folder) => JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(folder, PeftSample.ConfigurationName)));

    /// <summary>That our own reader finds alpha = rank everywhere is no proof, but a product that could not read itself would be one.</summary>
    private static void AssertLoads(string folder)
    {
        using var source = AdapterSource.Open(folder);
        Assert.All(AdapterContents.Read(source).Layers, layer => Assert.Equal(1, layer.Configured!.Scale));
        Assert.True(OutputMetadata.IsResized(source.Header));
    }

    private static void AssertSame(Dictionary<string, Matrix> expected, Dictionary<string, Matrix> actual, double tolerance)
    {
        foreach ((string name, Matrix change) in actual)
        {
            // What PEFT says of embeddings is transposed.
            Matrix wanted = expected[name].Rows == change.Rows ? expected[name] : expected[name].Transpose();
            double error = (wanted - change).FrobeniusNorm / wanted.FrobeniusNorm;
            Assert.True(error <= tolerance, $"{name}: the relative error is {error}.");
        }

        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>All modules of the model that the samples are for.</summary>
    private static string[] Modules { get; } = ["to_q", "emb", .. Enumerable.Range(0, 3).SelectMany(i => new[] { $"blocks.{i}.to_q", $"blocks.{i}.to_k", $"blocks.{i}.conv" })];

    private static string Module(string layer) => layer["base_model.model.".Length..];

    private static SampleFile Layers() => new SampleFile()
        .Add("base_model.model.a.to_q.lora_B.weight", Factor(12, 4, 1))
        .Add("base_model.model.a.to_q.lora_A.weight", Factor(4, 9, 2))
        .Add("base_model.model.b.to_q.lora_B.weight", Factor(10, 4, 3))
        .Add("base_model.model.b.to_q.lora_A.weight", Factor(4, 8, 4));

    private static Matrix Factor(int rows, int columns, int seed) => 0.3 * Matrix.Gaussian(rows, columns, new Random(seed));
}
