using ResizeLora.Checkpoints;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>Whoever names a checkpoint waits for its names to be known: work in proportion to them, whatever the model.</summary>
public class IndexCostTests
{
    private const long BytesForATensor = 4096;

    [Theory]
    [InlineData("sdxl_checkpoint_singlefile")]
    [InlineData("flux_checkpoint_singlefile")]
    [InlineData("qwen_image_checkpoint")]
    public void Indexing_costs_some_kilobytes_for_each_tensor(string list)
    {
        SafetensorsHeader header = KeyList.Header(list);
        _ = new BaseCheckpointIndex(header, "base.safetensors");

        long bytes = Work.Allocated(() => _ = new BaseCheckpointIndex(header, "base.safetensors"));

        Assert.True(bytes < BytesForATensor * header.Tensors.Count, $"{(double)bytes / header.Tensors.Count} bytes for each of {header.Tensors.Count} tensors");
    }
}
