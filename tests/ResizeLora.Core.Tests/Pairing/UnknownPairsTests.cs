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
    [InlineData("x.0.proj.lora_B0.weight", new long[] { 12, 2 }, "x.0.proj.lora_A0.weight", new long[] { 2, 10 })]
    [InlineData("x.0.to_q.up1", new long[] { 12, 2 }, "x.0.to_q.down1", new long[] { 2, 10 })]
    [InlineData("x.0.experts.lora_y", new long[] { 4, 12, 2 }, "x.0.experts.lora_x", new long[] { 4, 2, 10 })]
    [InlineData("lora_B.x.0.to_q.mlp.foo.weight", new long[] { 12, 2 }, "lora_A.x.0.to_q.mlp.foo.weight", new long[] { 2, 10 })]
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
    [InlineData("layers.0.mlp.fc1.weight", new long[] { 4096, 1024 }, "layers.0.mlp.fc2.weight", new long[] { 1024, 4096 })]
    [InlineData("layers.0.w1", new long[] { 11008, 4096 }, "layers.0.w2", new long[] { 4096, 11008 })]
    [InlineData("down_blocks.1.resnets.0.conv_shortcut.weight", new long[] { 320, 640, 1, 1 }, "up_blocks.1.resnets.0.conv_shortcut.weight", new long[] { 640, 320, 1, 1 })]
    [InlineData("encoder.layers.0.self.mlp.fc.weight", new long[] { 4096, 1024 }, "decoder.layers.0.self.mlp.fc.weight", new long[] { 1024, 4096 })]
    [InlineData("experts.up_proj", new long[] { 8, 4096, 1024 }, "experts.down_proj", new long[] { 8, 1024, 4096 })]
    [InlineData("x.up_q", new long[] { 4, 12, 2 }, "x.down_q", new long[] { 3, 2, 10 })]
    [InlineData("blocks.0.conv_up", new long[] { 320, 320, 3 }, "blocks.0.conv_down", new long[] { 320, 320, 3 })]
    [InlineData("a.up_x", new long[] { 0, 8 }, "a.down_x", new long[] { 8, 0 })]
    public void Other_tensors_are_none(string one, long[] shape, string other, long[] otherShape) => Assert.Empty(Find((one, shape), (other, otherShape)));

    [Fact]
    public void Each_tensor_is_in_one_pair_at_most() => Assert.Equal(
        [("a.up", "a.down"), ("b.up", "b.down")],
        Find(("b.up", [16, 2]), ("a.up", [16, 2]), ("a.down", [2, 16]), ("b.down", [2, 16])).Order());

    private static (string Up, string Down)[] Find(params (string Name, long[] Shape)[] tensors) =>
        [.. UnknownPairs.Find(HeaderBuilder.Of(tensors).Tensors).Select(pair => (pair.Up.Name, pair.Down.Name))];
}
