using ResizeLora.Adapters;
using ResizeLora.Adapters.Peft;
using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Pairing;
using ResizeLora.Output;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Hostile;

/// <summary>Names that are made to cost: where work on a file grew with the square of its length, seconds became hours.</summary>
public sealed class NameCostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The worst case: names that are as long as any that are compared, and like none.</summary>
    [Fact]
    public void Names_like_none_are_compared_with_all()
    {
        var index = new BaseCheckpointIndex(KeyList.Header("sdxl_checkpoint_singlefile"), "base.safetensors");
        TimeSpan time = ProcessorTime.Of(() =>
        {
            for (int length = 20; length <= 400; length += 20)
                _ = index.Closest("lora_unet_" + new string('a', length));
            _ = index.Closest("lora_unet_" + new string('a', 1_000_000));
        });
        Assert.InRange(time, TimeSpan.Zero, Patience);
    }

    [Fact]
    public void Thousands_of_base_layers_may_mean_the_same_layer()
    {
        // A dot and a line are the same to an adapter, so that 16 places make 65536 names of one layer.
        const int places = 16;
        var header = new HeaderBuilder();
        for (int bits = 0; bits < 1 << places; bits++)
            header.Add($"model.diffusion_model.x{string.Concat(Enumerable.Range(0, places).Select(place => (bits >> place & 1) == 0 ? ".y" : "_y"))}.weight", [1, 1]);

        TimeSpan begin = ProcessorTime.OfThread;
        var index = new BaseCheckpointIndex(header.Build(), "base.safetensors");
        AdapterContents contents = AdapterContents.Read(HeaderBuilder.Of(($"lora_unet_x{Repeat("_y", places)}.lora_up.weight", [1, 1]), ($"lora_unet_x{Repeat("_y", places)}.lora_down.weight", [1, 1])), "style.safetensors");
        LayerPair pair = new AdapterPairs(contents.Layers, "style.safetensors", index).Of(contents.Layers[0]);
        Assert.Null(pair.BaseLayer);
        Assert.InRange(pair.Problem!.Length, 1, 1000);
        Assert.InRange(ProcessorTime.OfThread - begin, TimeSpan.Zero, Patience);
    }

    [Fact]
    public void Thousands_of_layers_may_have_their_rank_in_the_metadata()
    {
        KeyValuePair<string, string>[] ranks = [.. Enumerable.Range(0, 100_000).Select(i => new KeyValuePair<string, string>($"unet:{i}:rank", "1"))];
        var header = new SafetensorsHeader([], ranks, hasMetadata: true, dataStart: 8);
        var parameters = new OutputRecord { Recipe = ResizeRecipe.Default, Threshold = -1.2, SourceName = "style.safetensors", SourceSha256 = new string('0', 64) };

        TimeSpan begin = ProcessorTime.OfThread;
        Assert.All(ranks, rank => Assert.Equal("1", header.FindMetadata(rank.Key)));
        IReadOnlyList<KeyValuePair<string, string>> metadata = OutputMetadata.Create(header, parameters, ranks.Select(rank => new KeyValuePair<string, string>(rank.Key, "2")));
        Assert.Equal(ranks.Length, metadata.Count(pair => pair.Value == "2"));
        Assert.InRange(ProcessorTime.OfThread - begin, TimeSpan.Zero, Patience);
    }

    [Fact]
    public void Thousands_of_components_may_have_their_alpha_in_the_header()
    {
        const int many = 50_000;
        string json = $"{{{string.Join(',', Enumerable.Range(0, many).Select(i => $"\"c{i}.lora_alpha\": {i}"))}}}";
        var header = new SafetensorsHeader([], [new(PeftConfiguration.HeaderKey, json)], hasMetadata: true, dataStart: 8);

        TimeSpan begin = ProcessorTime.OfThread;
        var configuration = PeftConfiguration.OfHeader(header, "style.safetensors");
        PeftLayer[] layers = [.. Enumerable.Range(0, many).Select(i => new PeftLayer($"c{i}.to_q", 4, 4))];
        Assert.All(layers, (layer, i) => Assert.Equal(i, configuration.For(layer.Name)!.Of(layer.Name, 4, "style.safetensors").Alpha));
        Assert.Single(configuration.Metadata(new PeftOutput(layers, [])));
        Assert.InRange(ProcessorTime.OfThread - begin, TimeSpan.Zero, Patience);
    }

    [Fact]
    public void Thousands_of_layers_may_each_have_a_pattern()
    {
        const int many = 4_000;
        PeftLayer[] layers = [.. Enumerable.Range(0, many).Select(i => new PeftLayer($"transformer_blocks.{i}.attn.to_q", 1 + i % 7, 1 + i % 7))];

        TimeSpan begin = ProcessorTime.OfThread;
        byte[] json = PeftConfiguration.OfFile("adapter_config.json", "{}"u8).FileText(new PeftOutput(layers, []));
        PeftSettings settings = PeftConfiguration.OfFile("adapter_config.json", json).For("a")!;
        Assert.All(layers, layer => Assert.Equal(1, settings.Of(layer.Name, layer.Rank, "style").Scale));
        Assert.InRange(ProcessorTime.OfThread - begin, TimeSpan.Zero, Patience);
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
