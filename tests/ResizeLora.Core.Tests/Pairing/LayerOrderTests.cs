using ResizeLora.Adapters;
using ResizeLora.Pairing;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>Files that name layers by their position, as cloneofsimo/lora writes them, in each order that its modules may have.</summary>
public class LayerOrderTests
{
    public static TheoryData<string, string> Orders
    {
        get
        {
            var orders = new TheoryData<string, string>();
            foreach (string model in new[] { "sd15_checkpoint_singlefile", "sd2_checkpoint_singlefile" })
            {
                foreach (string order in KeyFile.Lines("orders_" + model).Select(fields => fields[0]).Distinct())
                    orders.Add(model, order);
            }

            return orders;
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void The_sizes_of_a_whole_file_tell_its_order(string model, string order)
    {
        Position[] positions = Positions(model, order);
        AdapterLayer[] layers = Layers(positions);
        var pairs = new AdapterPairs(layers, "style.safetensors", ModelSample.Of(model).Index);

        Assert.Equal(positions.Select(position => (position.Layer, position.Tensor)).Order(), layers.Select(layer => (layer.Name, pairs.Of(layer).BaseLayer!.Name)).Order());
        Assert.All(layers, layer => Assert.Equal(layer.Name.StartsWith("unet:", StringComparison.Ordinal) ? AdapterComponent.Unet : AdapterComponent.TextEncoder1, pairs.Of(layer).Component));
    }

    /// <summary>Layers 6 and 15 have one size in both orders; what they are shows in the others.</summary>
    [Theory]
    [InlineData("older", "attn2.to_k")]
    [InlineData("newer", "attn2.to_v")]
    public void The_same_position_is_another_layer_in_another_order(string order, string expected)
    {
        AdapterLayer[] layers = Layers(Positions("sd15_checkpoint_singlefile", order));
        var pairs = new AdapterPairs(layers, "style.safetensors", ModelSample.Of("sd15_checkpoint_singlefile").Index);

        Assert.All(["unet:6", "unet:15"], name => Assert.EndsWith($"{expected}.weight", pairs.Of(layers.Single(layer => layer.Name == name)).BaseLayer!.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void Where_sizes_leave_the_order_open_only_layers_that_are_the_same_in_all_are_paired()
    {
        Position[] few = [.. Positions("sd15_checkpoint_singlefile", "newer").Where(position => position.Layer is "unet:0" or "unet:6")];
        AdapterLayer[] layers = Layers(few);
        var pairs = new AdapterPairs(layers, "style.safetensors", ModelSample.Of("sd15_checkpoint_singlefile").Index);

        Assert.True(pairs.Any);
        Assert.EndsWith("input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight", pairs.Of(layers[0]).BaseLayer!.Name, StringComparison.Ordinal);
        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => pairs.Of(layers[1]));
        Assert.Equal("AmbiguousOrder", error.ErrorId);
        Assert.All(["style.safetensors", "unet:6", "attn2.to_k.weight", "attn2.to_v.weight", "newer", "older", "complete file"], text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Sizes_that_fit_no_order_are_of_another_model()
    {
        AdapterLayer[] layers = Layers(Positions("sd15_checkpoint_singlefile", "newer"));

        ResizeLoraException error = Assert.Throws<ResizeLoraException>(() => new AdapterPairs(layers, "style.safetensors", ModelSample.Of("sd2_checkpoint_singlefile").Index));

        Assert.Equal(("ShapeMismatch", FaultKind.InvalidData), (error.ErrorId, error.Kind));
        Assert.All(["style.safetensors", "sd2_checkpoint_singlefile", "144 layers", "attn1, attn2, ff", "right checkpoint"], text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("older", "unet:40", 1)]
    [InlineData("newer", "unet:41", 1)]
    [InlineData("newer", "unet:4", 14)]
    public void A_few_layers_of_another_size_are_unmatched(string order, string name, int count)
    {
        Position[] positions = Positions("sd15_checkpoint_singlefile", order);
        int first = Array.FindIndex(positions, position => position.Layer == name);
        int[] changed = [.. Enumerable.Range(0, count).Select(i => first + (7 * i))];
        Position[] edited = [.. positions.Select((position, i) => changed.Contains(i) ? position with { Shape = [position.Shape[0] + 8, .. position.Shape.Skip(1)] } : position)];
        AdapterLayer[] layers = Layers(edited);
        var pairs = new AdapterPairs(layers, "style.safetensors", ModelSample.Of("sd15_checkpoint_singlefile").Index);

        HashSet<string> unmatched = [.. changed.Select(i => positions[i].Layer)];
        Assert.All(layers, layer =>
        {
            LayerPair pair = pairs.Of(layer);
            Assert.Equal(unmatched.Contains(layer.Name) ? null : positions.Single(position => position.Layer == layer.Name).Tensor, pair.BaseLayer?.Name);
            Assert.Equal(unmatched.Contains(layer.Name), pair.Problem?.Contains("the sizes differ", StringComparison.Ordinal) == true);
        });
    }

    /// <summary>What a position means is known only by the other layers.</summary>
    [Fact]
    public void Among_few_layers_one_of_another_size_leaves_the_order_open()
    {
        Position[] few = [.. Positions("sd15_checkpoint_singlefile", "newer").Where(position => position.Layer is "unet:0" or "unet:4" or "unet:6")];
        few[0] = few[0] with { Shape = [few[0].Shape[0] + 8, .. few[0].Shape.Skip(1)] };

        Assert.Equal("ShapeMismatch", Assert.Throws<ResizeLoraException>(() => new AdapterPairs(Layers(few), "style.safetensors", ModelSample.Of("sd15_checkpoint_singlefile").Index)).ErrorId);
    }

    [Fact]
    public void Past_the_last_position_there_is_no_order()
    {
        Position[] positions = Positions("sd15_checkpoint_singlefile", "attention");
        AdapterLayer[] layers = Layers([.. positions, positions[0] with { Layer = "text_encoder:500" }]);

        Assert.Equal("ShapeMismatch", Assert.Throws<ResizeLoraException>(() => new AdapterPairs(layers, "style.safetensors", ModelSample.Of("sd15_checkpoint_singlefile").Index)).ErrorId);
    }

    [Fact]
    public void A_family_without_orders_has_no_positions()
    {
        AdapterLayer[] layers = Layers(Positions("sd15_checkpoint_singlefile", "older"));
        var pairs = new AdapterPairs(layers, "style.safetensors", ModelSample.Of("sdxl_checkpoint_singlefile").Index);

        Assert.False(pairs.Any);
        Assert.Null(pairs.Of(layers[0]).BaseLayer);
    }

    private static Position[] Positions(string model, string order)
    {
        var shapes = KeyFile.Tensors(ModelSample.Of(model).Files[0].List).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape, StringComparer.Ordinal);
        return
        [
            .. KeyFile.Lines("orders_" + model).Where(fields => fields[0] == order).Select(fields => new Position(
                $"{(fields[1] == "Unet" ? "unet" : "text_encoder")}:{fields[2]}",
                fields[3],
                SizeOf(fields[3], shapes))),
        ];
    }

    private static long[] SizeOf(string rows, Dictionary<string, IReadOnlyList<long>> shapes)
    {
        string[] parts = rows.Split('[', ':', ']');
        long[] shape = [.. shapes[parts[0]]];
        return parts.Length == 1 ? shape : [long.Parse(parts[2], null) - long.Parse(parts[1], null), shape[1]];
    }

    private static AdapterLayer[] Layers(IEnumerable<Position> positions)
    {
        var header = new HeaderBuilder();
        foreach (Position position in positions)
        {
            header.Add(position.Layer + ":up", [position.Shape[0], 1, .. position.Shape.Skip(2).Select(_ => 1L)]);
            header.Add(position.Layer + ":down", [1, .. position.Shape.Skip(1)]);
        }

        return [.. AdapterContents.Read(header.Build(), "style.safetensors").Layers];
    }

    private sealed record Position(string Layer, string Tensor, long[] Shape);
}
