using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Pairing;

public class HeaderAlphasTests
{
    [Theory]
    [InlineData("transformer.blocks.0.to_q", 64.0)]
    [InlineData("transformer.blocks.1.to_q", 8.0)]
    [InlineData("transformer.blocks.11.to_q", 64.0)]
    [InlineData("transformer.single.0.proj", 3.5)]
    [InlineData("transformer.blocks.0.final", 2.0)]
    [InlineData("text_encoder.layers.0.q", 12.0)]
    public void Each_layer_has_the_alpha_that_its_component_says(string layer, double alpha)
    {
        HeaderAlphas alphas = Of((HeaderAlphas.JsonKey, """
            {"transformer.r": 16, "transformer.lora_alpha": 64, "transformer.alpha_pattern": {"blocks.1.to_q": 8, "^single.0.proj": 3.5, "final": 2},
             "text_encoder.r": 4, "text_encoder.lora_alpha": 12, "text_encoder.use_rslora": false}
            """));

        Assert.Equal(new HeaderAlpha(alpha, false), alphas.Find(layer));
    }

    [Fact]
    public void A_configuration_without_a_component_is_for_all_layers() =>
        Assert.Equal(new HeaderAlpha(32, true), Of((HeaderAlphas.JsonKey, """{"r": 16, "lora_alpha": 32, "use_rslora": true}""")).Find("base_model.model.a.to_q"));

    [Fact]
    public void Keys_of_their_own_are_read_as_well()
    {
        HeaderAlphas alphas = Of(("transformer.lora_alpha", "64"), ("transformer.r", "16"), ("transformer.use_rslora", "True"));

        Assert.Equal(new HeaderAlpha(64, true), alphas.Find("transformer.blocks.0.to_q"));
        Assert.Null(alphas.Find("unet.blocks.0.to_q"));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[1, 2]")]
    [InlineData("""{"transformer.r": 16}""")]
    [InlineData("""{"transformer.lora_alpha": "many"}""")]
    [InlineData("""{"transformer.lora_alpha": 1e999}""")]
    [InlineData("""{"my_lora_alpha": 4}""")]
    public void What_tells_no_alpha_is_passed_over(string text) => Assert.Null(Of((HeaderAlphas.JsonKey, text)).Find("transformer.a"));

    [Fact]
    public void A_header_without_any_tells_none() => Assert.Null(Of(("ss_network_alpha", "16"), ("lora_alpha", "NaN")).Find("transformer.a"));

    [Fact]
    public void The_root_of_the_rank_divides_an_alpha_of_rsLoRA()
    {
        Assert.Equal(2, new HeaderAlpha(8, ByRootOfRank: true).Scale(16));
        Assert.Equal(0.5, new HeaderAlpha(8, ByRootOfRank: false).Scale(16));
    }

    private static HeaderAlphas Of(params (string Key, string Value)[] metadata) =>
        HeaderAlphas.Of(new SafetensorsHeader([], [.. metadata.Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value))], hasMetadata: true, dataStart: 8));
}
