using ResizeLora.Checkpoints;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>Whoever names a checkpoint waits for its names to be known: milliseconds, whatever the model.</summary>
public class IndexCostTests
{
    [Fact]
    public void Indexing_thousands_of_tensors_takes_milliseconds()
    {
        SafetensorsHeader header = KeyList.Header("sdxl_checkpoint_singlefile");
        BaseCheckpointIndex? index = null;
        TimeSpan[] runs = [.. Enumerable.Range(0, 10).Select(_ => ProcessorTime.Of(() => index = new BaseCheckpointIndex(header, "base.safetensors")))];
        Assert.NotNull(index!.Find("lora_unet_input_blocks_0_0"));
        Assert.True(runs.Min() < TimeSpan.FromMilliseconds(100), $"{runs.Min()}");
    }

    /// <summary>The worst case: a name that is as long as any that is compared, and like none.</summary>
    [Fact]
    public void Looking_for_similar_names_takes_a_bounded_time()
    {
        var index = new BaseCheckpointIndex(KeyList.Header("sdxl_checkpoint_singlefile"), "base.safetensors");
        TimeSpan time = ProcessorTime.Of(() =>
        {
            for (int length = 20; length <= 400; length += 20)
                _ = index.Closest("lora_unet_" + new string('a', length));
            _ = index.Closest("lora_unet_" + new string('a', 1_000_000));
        });

        Assert.True(time < TimeSpan.FromSeconds(20), $"{time}");
    }
}
