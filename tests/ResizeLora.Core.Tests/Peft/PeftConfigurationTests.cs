using System.Text;
using System.Text.Json;
using ResizeLora.Adapters.Peft;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Peft;

public class PeftConfigurationTests
{
    private const string Path = "/adapters/style/adapter_config.json";

    [Theory]
    [InlineData("transformer.blocks.0.to_q", 64.0)]
    [InlineData("transformer.blocks.1.to_q", 8.0)]
    [InlineData("transformer.blocks.11.to_q", 64.0)]
    [InlineData("transformer.single.0.proj", 3.5)]
    [InlineData("transformer.deep.single.0.proj", 64.0)]
    [InlineData("transformer.blocks.0.final", 2.0)]
    [InlineData("transformer.blocks.7.to_k", 5.0)]
    [InlineData("text_encoder.layers.0.q", 12.0)]
    public void Each_layer_has_the_alpha_that_its_component_says(string layer, double alpha)
    {
        PeftConfiguration header = Header((PeftConfiguration.HeaderKey, """
            {"transformer.r": 16, "transformer.lora_alpha": 64,
             "transformer.alpha_pattern": {"blocks.1.to_q": 8, "^single.0.proj": 3.5, "final": 2, "blocks\\.(6|7)\\.to_[kv]": 5},
             "text_encoder.r": 16, "text_encoder.lora_alpha": 12, "text_encoder.use_rslora": false}
            """));

        ConfiguredAlpha found = header.For(layer)!.Of(layer, 16, "style");
        Assert.Equal((alpha, alpha / 16), (found.Alpha, found.Scale));
    }

    [Fact]
    public void A_configuration_without_a_component_is_for_all_layers()
    {
        PeftConfiguration header = Header((PeftConfiguration.HeaderKey, """{"r": 16, "lora_alpha": 32, "use_rslora": true, "alpha_pattern": {"^a.to_k": 4}}"""));

        Assert.Equal((32, 8), Of(header, "base_model.model.a.to_q", 16));
        Assert.Equal((4, 1), Of(header, "base_model.model.a.to_k", 16));
    }

    [Fact]
    public void Keys_of_their_own_are_read_as_well()
    {
        PeftConfiguration header = Header(("transformer.lora_alpha", "64"), ("transformer.r", "16"), ("transformer.use_rslora", "True"));

        Assert.Equal((64, 16), Of(header, "transformer.blocks.0.to_q", 16));
        Assert.Null(header.For("unet.blocks.0.to_q"));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[1, 2]")]
    [InlineData("""{"transformer.r": 16}""")]
    [InlineData("""{"transformer.lora_alpha": "many"}""")]
    [InlineData("""{"transformer.lora_alpha": 1e999}""")]
    [InlineData("""{"my_lora_alpha": 4}""")]
    public void A_header_that_tells_no_alpha_is_passed_over(string text) => Assert.Null(Header((PeftConfiguration.HeaderKey, text)).For("transformer.a"));

    [Fact]
    public void A_header_without_any_tells_none() => Assert.True(Header(("ss_network_alpha", "16"), ("lora_alpha", "NaN")).IsEmpty);

    [Theory]
    [InlineData("{}", 8, 1)]
    [InlineData("""{"r": null, "lora_alpha": 16, "rank_pattern": null}""", 16, 2)]
    [InlineData("""{"peft_type": "LORA", "r": 8, "lora_alpha": 2, "some_key_of_the_future": [1]}""", 2, 0.25)]
    [InlineData("""{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "rank_pattern": {"to_q": 8}, "alpha_pattern": {"to_.": 16}}""", 16, 2)]
    [InlineData("\uFEFF{\"lora_alpha\": -4}", -4, -0.5)]
    public void Missing_keys_have_the_values_that_PEFT_gives_them(string json, double alpha, double scale) =>
        Assert.Equal((alpha, scale), Of(Configuration(json), "base_model.model.a.to_q", 8));

    [Theory]
    [InlineData("", "not valid JSON at line 1, byte 1")]
    [InlineData("[1]", "JSON object")]
    [InlineData("{\n\"r\": 4", "not valid JSON at line 2, byte 7")]
    [InlineData("""{"r": 4, "r": 8}""", "'r'")]
    [InlineData("""{"lora_alpha": NaN}""", "not valid JSON at line 1, byte 16")]
    [InlineData("""{"lora_alpha": "16"}""", "lora_alpha is \"16\", not a number")]
    [InlineData("""{"r": [4]}""", "r is [4], not a number")]
    [InlineData("""{"revision": "\ud800"}""", "half of a surrogate pair")]
    [InlineData("""{"\ud800": 1}""", "half of a surrogate pair")]
    [InlineData("""{"use_rslora": "yes"}""", "use_rslora")]
    [InlineData("""{"rank_pattern": ["to_q"]}""", "rank_pattern")]
    [InlineData("""{"alpha_pattern": {"to_q": "4"}}""", "alpha_pattern of 'to_q'")]
    [InlineData("""{"alpha_pattern": {"to_(q": 4}}""", "'to_(q' is not a valid regular expression")]
    public void What_PEFT_could_not_use_is_an_error_that_names_the_place(string json, string inMessage) =>
        Refusal.Of("InvalidPeftConfig", () => Configuration(json), Path, inMessage);

    [Theory]
    [InlineData("""{"peft_type": "OFT"}""", "OFT")]
    [InlineData("""{"peft_type": "IA3"}""", "IA3")]
    [InlineData("""{"peft_type": 7}""", "7")]
    [InlineData("""{"peft_type": "ADALORA"}""", "ADALORA")]
    [InlineData("""{"init_lora_weights": "pissa_niter_16"}""", "pissa_niter_16")]
    [InlineData("""{"init_lora_weights": "olora"}""", "olora")]
    [InlineData("""{"init_lora_weights": "loftq"}""", "loftq")]
    [InlineData("""{"use_qalora": true}""", "use_qalora")]
    [InlineData("""{"kasa_config": {"beta": 1}}""", "kasa_config")]
    [InlineData("""{"target_parameters": ["experts.up"]}""", "target_parameters")]
    public void What_can_not_be_resized_is_named(string json, string inMessage) =>
        Refusal.Of("UnsupportedPeftType", () => Configuration(json), Path, inMessage);

    [Theory]
    [InlineData("""{"init_lora_weights": "gaussian"}""")]
    [InlineData("""{"init_lora_weights": true, "use_qalora": false, "use_bdlora": null, "target_parameters": []}""")]
    public void What_changes_nothing_is_no_obstacle(string json) => Assert.NotNull(Configuration(json).For("a"));

    [Theory]
    [InlineData("""{"r": 4}""")]
    [InlineData("""{"r": 8, "rank_pattern": {"to_q": 4}}""")]
    public void Factors_of_another_rank_are_an_error_that_shows_both(string json) =>
        Refusal.Of("PeftRankMismatch", () => Of(Configuration(json), "base_model.model.a.to_q", 8), "base_model.model.a.to_q", "rank 8", Path, "rank 4");

    [Fact]
    public void A_header_may_say_nothing_of_the_rank() => Assert.Equal((64, 8), Of(Header(("transformer.lora_alpha", "64")), "transformer.a", 8));

    [Fact]
    public void Configurations_that_were_written_say_what_was_written()
    {
        using JsonDocument json = Written(
            """{"zeta": 1e-05, "target_modules": ".*(to_q|to_k)'s ümlaut", "r": 4, "lora_alpha": 16, "rank_pattern": {"x": 1}, "alpha_pattern": {}, "use_rslora": true, "use_dora": false, "a": {"b": []}}""",
            [new("base_model.model.a.to_q", 3, 3), new("base_model.model.b.to_q", 2, 2), new("base_model.model.c.to_q", 3, 1.5)]);

        Assert.Equal(["zeta", "target_modules", "r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "a", "peft_type"], json.RootElement.EnumerateObject().Select(pair => pair.Name));
        Assert.Equal("""{"zeta":1e-05,"target_modules":".*(to_q|to_k)'s \u00fcmlaut","r":3,"lora_alpha":3,"rank_pattern":{"b.to_q":2,"c.to_q":3},"alpha_pattern":{"b.to_q":2,"c.to_q":1.5},"use_rslora":false,"use_dora":false,"a":{"b":[]},"peft_type":"LORA"}""",
            string.Concat(json.RootElement.GetRawText().Where(c => c is not ('\n' or ' '))).Replace("'s\\u", "'s \\u", StringComparison.Ordinal));
    }

    [Fact]
    public void Names_that_are_the_ends_of_others_are_told_apart()
    {
        PeftLayer[] layers = [new("a.to_q", 2, 2), new("x.a.to_q", 5, 5), new("x.a_to_q", 5, 5), new("a_to_q", 5, 5), new("y.x.a.to_q", 3, 3), new("other", 5, 5)];
        using JsonDocument json = Written("{}", layers);

        PeftConfiguration again = Configuration(json.RootElement.GetRawText());
        Assert.All(layers, layer => Assert.Equal((layer.Alpha, 1), Of(again, layer.Name, layer.Rank)));
    }

    [Fact]
    public void Names_with_characters_that_mean_something_find_themselves()
    {
        PeftLayer[] layers = [new("a+b (c).to_q", 2, 2), new("aab (c).to_q", 5, 5)];
        using JsonDocument json = Written("{}", layers);

        PeftConfiguration again = Configuration(json.RootElement.GetRawText());
        Assert.All(layers, layer => Assert.Equal((layer.Alpha, 1), Of(again, layer.Name, layer.Rank)));
    }

    [Fact]
    public void Modules_are_named_where_some_were_left_out()
    {
        PeftConfiguration configuration = Configuration("""{"target_modules": ["to_q"]}""");
        PeftLayer[] layers = [new("base_model.model.a.to_q", 2, 2)];

        Assert.Equal(["to_q"], Targets(configuration.FileText(new PeftOutput(layers, []))));
        Assert.Equal(["a.to_q"], Targets(configuration.FileText(new PeftOutput(layers, ["base_model.model.b.to_q"]))));
    }

    [Fact]
    public void Other_types_become_LoRA()
    {
        using JsonDocument json = Written("""{"alpha": 5, "alpha_pattern": {"to_k": 3}, "decompose_both": false, "init_weights": true, "inference_mode": true, "peft_type": "LOKR", "r": 2, "rank_dropout": 0.1}""", [new("a", 3, 3)]);

        Assert.Equal(["alpha_pattern", "inference_mode", "peft_type", "r", "lora_alpha", "rank_pattern"], json.RootElement.EnumerateObject().Select(pair => pair.Name));
        Assert.Equal("LORA", json.RootElement.GetProperty("peft_type").GetString());
    }

    private static JsonDocument Written(string json, IReadOnlyList<PeftLayer> layers)
    {
        byte[] text = Configuration(json).FileText(new PeftOutput(layers, []));
        Assert.All(text, value => Assert.InRange(value, 1, 127));
        return JsonDocument.Parse(text);
    }

    private static IEnumerable<string?> Targets(byte[] json) => JsonSerializer.Deserialize<JsonElement>(json).GetProperty("target_modules").EnumerateArray().Select(item => item.GetString());

    private static (double Alpha, double Scale) Of(PeftConfiguration configuration, string layer, long rank)
    {
        ConfiguredAlpha found = configuration.For(layer)!.Of(layer, rank, "style");
        return (found.Alpha, found.Scale);
    }

    private static PeftConfiguration Configuration(string json) => PeftConfiguration.OfFile(Path, Encoding.UTF8.GetBytes(json));

    private static PeftConfiguration Header(params (string Key, string Value)[] metadata) => PeftConfiguration.OfHeader(
        new SafetensorsHeader([], [.. metadata.Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value))], hasMetadata: true, dataStart: 8),
        "style.safetensors");
}
