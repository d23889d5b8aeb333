using ResizeLora.Adapters;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

public class AdapterContentsTests
{
    private const string AdapterPath = "style.safetensors";

    [Theory]
    [InlineData("lora_unet_a", ".lora_up.weight", ".lora_down.weight", "lora_unet_a.alpha")]
    [InlineData("unet.a", ".lora_B.weight", ".lora_A.weight", "unet.a.alpha")]
    [InlineData("unet.a", ".lora_B.default.weight", ".lora_A.default.weight", "unet.a.alpha")]
    [InlineData("unet.a", ".lora_B.default_0.weight", ".lora_A.default_0.weight", "unet.a.alpha")]
    [InlineData("unet.a", ".lora_B.my style.weight", ".lora_A.my style.weight", "unet.a.alpha")]
    [InlineData("unet.a", ".lora_B", ".lora_A", "unet.a.alpha")]
    [InlineData("unet.a", ".lora_B.my", ".lora_A.my", "unet.a.alpha")]
    [InlineData("unet.a", ".lora.up.weight", ".lora.down.weight", "unet.a.alpha")]
    [InlineData("unet.a", ".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight", "unet.a.alpha")]
    [InlineData("a.processor.to_k", "_lora.up.weight", "_lora.down.weight", "a.processor.to_k.alpha")]
    public void Each_style_of_naming_is_read(string name, string up, string down, string alphaName)
    {
        SafetensorsHeader header = HeaderBuilder.Of((name + up, [8, 2]), (name + down, [2, 6]), (alphaName, []));

        AdapterContents contents = AdapterContents.Read(header, AdapterPath);

        AdapterLayer layer = Assert.Single(contents.Layers);
        Assert.Equal(name, layer.Name);
        Assert.Equal((8, 6, 2), (layer.Rows, layer.Columns, layer.Rank));
        Assert.Equal(alphaName, layer.Alpha?.Name);
        Assert.Equal(alphaName, layer.AlphaName);
        Assert.Empty(contents.Others);
        Assert.Empty(contents.Unsupported);
    }

    /// <summary>Its loader takes any third name for a weight.</summary>
    [Fact]
    public void A_control_lora_has_no_alpha()
    {
        AdapterContents contents = Read(("input_blocks.1.0.in_layers.2.up", [8, 2, 1, 1]), ("input_blocks.1.0.in_layers.2.down", [2, 6, 3, 3]), ("input_hint_block.0.weight", [4, 3, 3, 3]), ("lora_controlnet", [0]));

        AdapterLayer layer = Assert.Single(contents.Layers);
        Assert.Equal(("input_blocks.1.0.in_layers.2", 8, 54, null), (layer.Name, layer.Rows, layer.Columns, layer.AlphaName));
        Assert.Equal(["input_hint_block.0.weight", "lora_controlnet"], contents.Others.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData(".lora_magnitude_vector.style.weight")]
    [InlineData(".lora_magnitude_vector.style")]
    [InlineData(".lora_magnitude_vector.default_0.weight")]
    [InlineData(".lora_magnitude_vector.weight")]
    [InlineData(".lora_magnitude_vector")]
    public void Magnitudes_may_have_the_name_of_the_adapter(string ending)
    {
        AdapterContents contents = Read(("unet.a.lora_B.style.weight", [8, 2]), ("unet.a.lora_A.style.weight", [2, 6]), ("unet.a" + ending, [8]));

        Assert.Equal(8, Assert.Single(contents.Layers).Magnitude?.Tensor.ElementCount);
        Assert.Empty(contents.Others);
    }

    [Fact]
    public void Two_adapters_in_one_file_are_named()
    {
        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => Read(
            ("unet.a.lora_B.one.weight", [8, 2]), ("unet.a.lora_A.one.weight", [2, 6]), ("unet.a.lora_B.two.weight", [8, 2]), ("unet.a.lora_A.two.weight", [2, 6])));

        Assert.Equal("LayerTwice", error.ErrorId);
        Assert.All([AdapterPath, "unet.a.lora_B.one.weight", "unet.a.lora_B.two.weight"], text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_layer_without_alpha_knows_what_it_would_be_called()
    {
        AdapterLayer layer = Assert.Single(Read(("a.lora_up.weight", [8, 2]), ("a.lora_down.weight", [2, 6])).Layers);

        Assert.Null(layer.Alpha);
        Assert.Equal("a.alpha", layer.AlphaName);
    }

    [Theory]
    [InlineData("a.hada_w")]
    [InlineData("a.dora_scale")]
    [InlineData("a.lora_mid")]
    [InlineData("a.oft_blocks")]
    public void A_layer_that_is_called_like_another_kind_has_its_alpha(string name)
    {
        AdapterContents contents = Read((name + ".lora_up.weight", [8, 2]), (name + ".lora_down.weight", [2, 6]), (name + ".alpha", []));

        Assert.Equal(name + ".alpha", Assert.Single(contents.Layers).Alpha?.Name);
        Assert.Empty(contents.Unsupported);
    }

    [Fact]
    public void A_layer_of_which_a_part_is_missing_has_its_alpha_too()
    {
        AdapterContents contents = Read(("a.hada_w1_a", [8, 2]), ("a.alpha", []));

        Assert.Equal(["a.hada_w1_a", "a.alpha"], Assert.Single(contents.Unsupported).Tensors.Select(tensor => tensor.Name));
        Assert.Empty(contents.Others);
    }

    [Fact]
    public void A_numbered_layer_has_no_alpha()
    {
        AdapterContents contents = Read(("unet:0:up", [8, 1]), ("unet:0:down", [1, 6]), ("unet:0.alpha", []), ("<s1>", [768]));

        AdapterLayer layer = Assert.Single(contents.Layers);
        Assert.Equal("unet:0", layer.Name);
        Assert.Null(layer.AlphaName);
        Assert.Null(layer.Alpha);
        Assert.Equal(["unet:0.alpha", "<s1>"], contents.Others.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Layers_come_in_ordinal_order_and_others_in_that_of_the_file()
    {
        AdapterContents contents = Read(
            ("z.bias", [3]),
            ("b.lora_up.weight", [8, 2]),
            ("B.lora_B.weight", [8, 2]),
            ("a.lora_down.weight", [2, 6]),
            ("b.lora_down.weight", [2, 6]),
            ("a.lora_up.weight", [8, 2]),
            ("B.lora_A.weight", [2, 6]),
            ("lonely.alpha", []),
            (".lora_up.weight", [8, 2]),
            ("a.lora_B.bias", [8]));

        Assert.Equal(["B", "a", "b"], contents.Layers.Select(layer => layer.Name));
        Assert.Equal(["z.bias", "lonely.alpha", ".lora_up.weight", "a.lora_B.bias"], contents.Others.Select(tensor => tensor.Name));
        Assert.Empty(contents.Unsupported);
    }

    public static TheoryData<string, string[]> Refused() => new()
    {
        { "OFT", ["oft_blocks", "alpha"] },
        { "OFT", ["oft_blocks", "rescale", "alpha"] },
        { "OFT", ["oft_diag"] },
        { "OFT", ["oft_R.weight"] },
        { "BOFT", ["boft_R", "boft_s"] },
        { "GLoRA", ["a1.weight", "a2.weight", "b1.weight", "b2.weight", "alpha"] },
        { "(IA)³", ["ia3_l"] },
        { "(IA)³", ["weight", "on_input"] },
        { "OFT", ["oft_blocks", "lora_up.weight", "lora_down.weight"] },
        { "mix of", ["lora_up.weight", "lora_down.weight", "lokr_w1", "lokr_w2"] },
        { "half a pair", ["lora_up.weight", "lora_mid.weight"] },
        { "LoHa", ["hada_w1_a", "hada_w1_b", "hada_w2_a", "alpha"] },
        { "LoHa", ["hada_t1", "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"] },
        { "LoKr", ["lokr_w1", "lokr_w2_a", "alpha"] },
        { "LoKr", ["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2"] },
        { "LoKr", ["lokr_w1", "lokr_w2", "lokr_t2"] },
        { "same role", ["lora_up.weight", "lora_down.weight", "lora_magnitude_vector", "lora_magnitude_vector.weight"] },
        { "two magnitudes", ["lora_up.weight", "lora_down.weight", "lora_magnitude_vector", "dora_scale"] },
        { "magnitudes without factors", ["dora_scale", "alpha"] },
        { "the down factor is missing", ["lora_up.weight", "alpha"] },
        { "the up factor is missing", ["lora_down.weight", "alpha"] },
        { "half a pair", ["lora_up.weight", "lora_A.weight"] },
        { "half a pair", ["lora_up.weight", "lora_down.weight", "lora_B.weight"] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Layers_that_can_not_be_decomposed_are_kept_whole(string reason, string[] tensors)
    {
        string[] names = [.. tensors.Select(tensor => "lora_unet_a." + tensor)];
        SafetensorsHeader header = HeaderBuilder.Of(
        [
            .. names.Select(name => (name, name.EndsWith("alpha", StringComparison.Ordinal) ? Array.Empty<long>() : [4, 4])),
            ("lora_unet_b.lora_up.weight", [8, 2]),
            ("lora_unet_b.lora_down.weight", [2, 6]),
        ]);

        AdapterContents contents = AdapterContents.Read(header, AdapterPath);

        UnsupportedLayer layer = Assert.Single(contents.Unsupported);
        Assert.Equal("lora_unet_a", layer.Name);
        Assert.Contains(reason, layer.Reason, StringComparison.Ordinal);
        Assert.Equal(names.Order(StringComparer.Ordinal), layer.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.Equal("lora_unet_b", Assert.Single(contents.Layers).Name);
        Assert.Empty(contents.Others);
    }

    [Theory]
    [InlineData("lora_unet_a.diff_b", new long[] { 8 })]
    [InlineData("lora_unet_norm.w_norm", new long[] { 8 })]
    [InlineData("lora_unet_norm.b_norm", new long[] { 8 })]
    [InlineData("lora_unet_norm.diff", new long[] { 8 })]
    [InlineData("emb_params", new long[] { 2, 768 })]
    [InlineData("clip_l", new long[] { 2, 768 })]
    [InlineData("lora_unet_c.weight", new long[] { 8 })]
    [InlineData("something.else", new long[] { 3, 4 })]
    public void Tensors_that_are_no_matrices_of_layers_pass_through(string name, long[] shape)
    {
        AdapterContents contents = Read(("lora_unet_a.lora_up.weight", [8, 2]), ("lora_unet_a.lora_down.weight", [2, 6]), (name, shape));

        Assert.Equal(name, Assert.Single(contents.Others).Name);
        Assert.Empty(contents.Unsupported);
        Assert.Equal("lora_unet_a", Assert.Single(contents.Layers).Name);
    }

    public static TheoryData<string, string, int, string> Lists() => new()
    {
        { "sdxl_locon_lycoris", "LoRA", 789, ".lora_up.weight" },
        { "sdxl_locon_lycoris_tucker", "Tucker LoCon", 39, ".lora_mid.weight" },
        { "sdxl_loha_lycoris", "LoHa", 789, ".hada_w1_a" },
        { "sdxl_dora_onetrainer", "LoRA", 722, ".dora_scale" },
        { "sdxl_dora_peft", "LoRA", 560, ".lora_magnitude_vector.weight" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void Every_tensor_of_whole_adapters_is_in_the_right_group(string list, string type, int count, string mark)
    {
        List<TensorSpec> tensors = [.. KeyFile.Tensors(list)];
        ILookup<string, string> byLayer = tensors.ToLookup(tensor => tensor.Name.Split('.')[..^(tensor.Name.EndsWith(".weight", StringComparison.Ordinal) ? 2 : 1)].Aggregate((left, right) => $"{left}.{right}"), tensor => tensor.Name);

        AdapterContents contents = AdapterContents.Read(KeyList.Header(list), AdapterPath);

        Assert.Empty(contents.Others);
        Assert.Empty(contents.Unsupported);
        Assert.Equal(byLayer.Select(layer => layer.Key).Order(StringComparer.Ordinal), contents.Layers.Select(layer => layer.Name));
        Assert.All(contents.Layers, layer => Assert.Equal(byLayer[layer.Name].Order(StringComparer.Ordinal), layer.Tensors.All.Select(tensor => tensor.Name).Order(StringComparer.Ordinal)));
        string[] marked = [.. tensors.Select(tensor => tensor.Name).Where(name => name.EndsWith(mark, StringComparison.Ordinal))];
        Assert.Equal(count, marked.Length);
        Assert.All(contents.Layers, layer => Assert.Equal(byLayer[layer.Name].Intersect(marked).Any(), layer.Type.Name == type));
    }

    [Fact]
    public void Magnitudes_of_whole_adapters_are_per_input_or_per_output_as_their_trainers_write_them()
    {
        AdapterContents oneTrainer = AdapterContents.Read(KeyList.Header("sdxl_dora_onetrainer"), AdapterPath);
        AdapterContents peft = AdapterContents.Read(KeyList.Header("sdxl_dora_peft"), AdapterPath);

        Assert.All(oneTrainer.Layers, layer => Assert.Equal(1, layer.Magnitude?.GroupSize));
        Assert.All(peft.Layers, layer => Assert.Equal(0, layer.Magnitude?.GroupSize));
        Assert.True(oneTrainer.NeedsBase);
    }

    [Theory]
    [InlineData("lora_unet_a", ".lora_up.weight", ".lora_down.weight")]
    [InlineData("lycoris_a.b", ".lora_up.weight", ".lora_down.weight")]
    [InlineData("lora_unet.down_blocks.0", ".lora_up.weight", ".lora_down.weight")]
    [InlineData("diffusion_model.layers.0.attention.to_q", ".lora_B.weight", ".lora_A.weight")]
    [InlineData("base_model.model.unet.a", ".lora_B.weight", ".lora_A.weight")]
    public void Layers_without_factors_are_written_in_the_style_of_their_names(string name, string up, string down)
    {
        AdapterLayer layer = Assert.Single(Read((name + ".lokr_w1", [4, 3]), (name + ".lokr_w2", [2, 5])).Layers);

        Assert.Equal((name + up, name + down, name + ".alpha"), (layer.Written.Up, layer.Written.Down, layer.Written.Alpha));
        Assert.Equal((8, 15, 6), (layer.Rows, layer.Columns, layer.Rank));
    }

    public static TheoryData<long[], long[], bool> Shapes() => new()
    {
        { [8, 2], [2, 6], true },
        { [8, 12], [12, 6], true },
        { [8, 2, 1], [2, 6, 3], true },
        { [8, 2, 1, 1], [2, 6, 3, 3], true },
        { [8, 2, 1, 1, 1], [2, 6, 3, 3, 3], true },
        { [8, 3], [2, 6], false },
        { [8, 2], [2, 6, 1, 1], false },
        { [8, 2, 1, 1], [2, 6], false },
        { [8, 2, 3, 1], [2, 6, 3, 3], false },
        { [8, 2, 1, 3], [2, 6, 3, 3], false },
        { [8], [6], false },
        { [], [], false },
        { [8, 2, 1, 1, 1, 1], [2, 6, 3, 3, 3, 3], false },
        { [8, 0], [0, 6], false },
        { [0, 2], [2, 6], false },
        { [8, 2], [2, 0], false },
        { [8, 2, 1, 1], [2, 6, 0, 3], false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Factors_must_fit_each_other(long[] up, long[] down, bool fit)
    {
        AdapterContents contents = Read(("a.lora_up.weight", up), ("a.lora_down.weight", down), ("a.alpha", []));

        Assert.Equal(fit ? 1 : 0, contents.Layers.Count);
        Assert.Equal(fit ? 0 : 3, contents.Unsupported.Sum(layer => layer.Tensors.Count));
        Assert.Empty(contents.Others);
    }

    [Theory]
    [InlineData(new long[0], true)]
    [InlineData(new long[] { 1 }, true)]
    [InlineData(new long[] { 1, 1 }, true)]
    [InlineData(new long[] { 2 }, false)]
    [InlineData(new long[] { 0 }, false)]
    public void Alpha_is_one_number(long[] shape, bool fits) =>
        Assert.Equal(fits ? 1 : 0, Read(("a.lora_up.weight", [8, 2]), ("a.lora_down.weight", [2, 6]), ("a.alpha", shape)).Layers.Count);

    [Theory]
    [InlineData("F16", "F16", "F16", true)]
    [InlineData("BF16", "F32", "F64", true)]
    [InlineData("F8_E4M3", "F8_E5M2", "F16", true)]
    [InlineData("F16", "F16", "I64", true)]
    [InlineData("F16", "F16", "I32", true)]
    [InlineData("F16", "F16", "U8", false)]
    [InlineData("F16", "F16", "I16", false)]
    [InlineData("I8", "F16", "F16", false)]
    [InlineData("F16", "I64", "F16", false)]
    public void Types_must_be_convertible(string up, string down, string alpha, bool fits)
    {
        SafetensorsHeader header = new HeaderBuilder()
            .Add("a.lora_up.weight", [8, 2], Enum.Parse<SafetensorsDType>(up))
            .Add("a.lora_down.weight", [2, 6], Enum.Parse<SafetensorsDType>(down))
            .Add("a.alpha", [], Enum.Parse<SafetensorsDType>(alpha))
            .Build();

        AdapterContents contents = AdapterContents.Read(header, AdapterPath);

        Assert.Equal(fits ? 1 : 0, contents.Layers.Count);
        Assert.Equal(fits ? 0 : 1, contents.Unsupported.Count);
    }

    [Fact]
    public void A_layer_in_two_styles_is_an_error()
    {
        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => Read(
            ("a.lora_up.weight", [8, 2]),
            ("a.lora_down.weight", [2, 6]),
            ("a.lora_B.weight", [8, 2]),
            ("a.lora_A.weight", [2, 6])));

        Assert.Equal("LayerTwice", error.ErrorId);
        Assert.Equal(FaultKind.InvalidData, error.Kind);
        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
        Assert.Contains(AdapterPath, error.Message, StringComparison.Ordinal);
    }

    private static AdapterContents Read(params (string Name, long[] Shape)[] tensors) =>
        AdapterContents.Read(HeaderBuilder.Of(tensors), AdapterPath);
}
