using ResizeLora.Adapters.Names;

namespace ResizeLora.Core.Tests.Pairing;

public class UnknownPairsTests
{
    [Theory]
    [InlineData("text_model.embeddings.token_embedding.lora_embedding_B", new long[] { 768, 4 }, "text_model.embeddings.token_embedding.lora_embedding_A", new long[] { 4, 49408 })]
    [InlineData("a.lora_up.0.weight", new long[] { 320, 8 }, "a.lora_down.0.weight", new long[] { 8, 640 })]
    [InlineData("blocks.0.attn.adapter_left", new long[] { 320, 8 }, "blocks.0.attn.adapter_right", new long[] { 8, 320 })]
    [InlineData("conv.new_up.weight", new long[] { 320, 8, 1, 1 }, "conv.new_down.weight", new long[] { 8, 320, 3, 3 })]
    [InlineData("layer:B", new long[] { 16, 2 }, "layer:A", new long[] { 2, 16 })]
    public void Two_names_that_differ_in_a_word_with_shapes_of_factors_are_a_pair(string up, long[] upShape, string down, long[] downShape)
    {
        (string, string)[] found = Find((down, downShape), ("a.bias", [320]), (up, upShape));

        Assert.Equal([(up, down)], found);
    }

    [Theory]
    [InlineData("a.up_x", new long[] { 8, 8 }, "a.down_x", new long[] { 8, 8 })]
    [InlineData("a.up_x", new long[] { 320, 8 }, "a.down_x", new long[] { 4, 320 })]
    [InlineData("a.up_x", new long[] { 320, 8 }, "b.down_x", new long[] { 8, 320 })]
    [InlineData("blocks.0.x", new long[] { 320, 8 }, "blocks.1.x", new long[] { 8, 320 })]
    [InlineData("clip_l", new long[] { 8, 768 }, "clip_g", new long[] { 8, 1280 })]
    [InlineData("a.up_x", new long[] { 320, 8, 3, 3 }, "a.down_x", new long[] { 8, 320 })]
    [InlineData("a.up_x", new long[] { 320 }, "a.down_x", new long[] { 8, 320 })]
    [InlineData("a.up_x", new long[] { 0, 8 }, "a.down_x", new long[] { 8, 0 })]
    public void Other_tensors_are_none(string one, long[] shape, string other, long[] otherShape) => Assert.Empty(Find((one, shape), (other, otherShape)));

    [Fact]
    public void Each_tensor_is_in_one_pair_at_most() => Assert.Equal(
        [("a.up", "a.down"), ("b.up", "b.down")],
        Find(("b.up", [16, 2]), ("a.up", [16, 2]), ("a.down", [2, 16]), ("b.down", [2, 16])).Order());

    private static (string Up, string Down)[] Find(params (string Name, long[] Shape)[] tensors) =>
        [.. UnknownPairs.Find(HeaderBuilder.Of(tensors).Tensors).Select(pair => (pair.Up.Name, pair.Down.Name))];
}
