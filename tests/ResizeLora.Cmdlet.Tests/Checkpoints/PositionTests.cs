using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Checkpoints;

/// <summary>LoRAs that name layers by their position, against a U-Net with the names of SD 1.x in small.</summary>
public sealed class PositionTests : IDisposable
{
    private static readonly string[] Attentions =
        [.. from side in new[] { ("down_blocks", 0, 3, 2), ("up_blocks", 1, 3, 3) } from block in Enumerable.Range(side.Item2, side.Item3) from number in Enumerable.Range(0, side.Item4) select $"{side.Item1}.{block}.attentions.{number}", "mid_block.attentions.0"];

    private static readonly string[] Older = ["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "ff.net.0.proj", "attn2.to_q", "attn2.to_k", "attn2.to_v", "attn2.to_out.0"];
    private static readonly string[] Newer = [.. Older.Where(layer => layer != "ff.net.0.proj"), "ff.net.0.proj"];

    private readonly Bench _bench = new();

    /// <summary>Of all weights those of to_k are the largest, by far: a layer that is compared with one of them keeps one singular value.</summary>
    public PositionTests()
    {
        var random = new Random(1);
        var file = new SampleFile();
        foreach (string layer in Layers(Older))
        {
            (int rows, int columns) = Size(layer);
            file.Add($"{layer}.weight", (layer.EndsWith("attn2.to_k", StringComparison.Ordinal) ? 1e6 : 1) * Matrix.Gaussian(rows, columns, random));
        }

        _bench.Add("unet.safetensors", file);
        Lora("newer.safetensors", Newer);
        Lora("older.safetensors", Older);
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("older", "attn2.to_k")]
    [InlineData("newer", "attn2.to_v")]
    public void The_order_is_that_of_the_whole_file_whatever_layers_are_named(string file, string expected)
    {
        DecomposedLayer[] layers = [.. _bench.RunClean($"Get-LoraSpectrum {file}.safetensors -Checkpoint unet.safetensors -Layer unet:6, unet:15").OutputAs<DecomposedLayer>()];

        Assert.Equal(["unet:15", "unet:6"], layers.Select(layer => layer.Name).Order(StringComparer.Ordinal));
        Assert.All(layers, layer => Assert.EndsWith($"{expected}.weight", layer.BaseLayer, StringComparison.Ordinal));
    }

    [Fact]
    public void The_order_is_told() =>
        Assert.Contains("style of cloneofsimo, model family SD 1.x, paired layers: Unet 144 of 144, counted as: attn1, attn2, ff (newer diffusers).", Assert.Single(_bench.RunClean("$null = Get-LoraSpectrum newer.safetensors -Checkpoint unet.safetensors -Verbose").Verbose), StringComparison.Ordinal);

    [Theory]
    [InlineData("older", 1)]
    [InlineData("newer", 2)]
    public void The_same_holds_for_layers_that_are_paired_later(string file, int rank)
    {
        RunResult result = _bench.RunClean($"Get-LoraSpectrum {file}.safetensors -Layer unet:6, unet:15 | Invoke-LoraResize -Checkpoint unet.safetensors -Recipe 'spn_ckpt=1,thr=-5'");

        var output = ReferenceFile.Open(result.Only<ResizeResult>().Path);
        Assert.All(["unet:6:down", "unet:15:down"], name => Assert.Equal(rank, output.Shape(name)[0]));
    }

    [Fact]
    public void A_file_that_leaves_it_open_is_an_error_that_tells_the_way_out()
    {
        var random = new Random(3);
        _bench.Add("part.safetensors", new SampleFile()
            .Add("unet:24:up", Matrix.Gaussian(8, 2, random)).Add("unet:24:down", Matrix.Gaussian(2, 6, random))
            .Add("unet:15:up", Matrix.Gaussian(8, 2, random)).Add("unet:15:down", Matrix.Gaussian(2, 6, random)));

        _bench.RunFailing("Invoke-LoraResize part.safetensors -Checkpoint unet.safetensors -Recipe 'spn_ckpt=1,thr=-5'")
            .Is("AmbiguousOrder", ErrorCategory.InvalidData)
            .LetsTheCallGoOn()
            .Mentions(_bench.PathOf("part.safetensors"), "unet:15", "attn2.to_k", "attn2.to_v", "newer diffusers", "complete file");
    }

    private static IEnumerable<string> Layers(string[] block) => Attentions.SelectMany(attention => block.Select(layer => $"{attention}.transformer_blocks.0.{layer}"));

    private static (int Rows, int Columns) Size(string layer) => layer switch
    {
        // How the family is known.
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k" or "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v" => (320, 768),
        _ when layer.EndsWith("proj", StringComparison.Ordinal) => (32, 8),
        _ when layer.Contains("attn2.to_k", StringComparison.Ordinal) || layer.Contains("attn2.to_v", StringComparison.Ordinal) => (8, 6),
        _ => (8, 8),
    };

    private void Lora(string name, string[] block)
    {
        var random = new Random(2);
        var file = new SampleFile();
        foreach ((int number, string layer) in Layers(block).Index())
        {
            (int rows, int columns) = Size(layer);
            file.Add($"unet:{number}:up", Matrix.Gaussian(rows, 2, random)).Add($"unet:{number}:down", Matrix.Gaussian(2, columns, random));
        }

        _bench.Add(name, file);
    }
}
