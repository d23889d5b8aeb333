using System.Diagnostics;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Hostile;

/// <summary>Shapes that fit into a small file and must not take more than a small multiple of it.</summary>
[Collection(Alone.Name)]
public sealed class MemoryTests : IDisposable
{
    // Of 4 MB at most that a file has, QR and SVD make copies in float64; a matrix of rank by rank, of 3000 alone, would
    // take 72 MB, and several of them are needed.
    private const long GrowthAtMost = 192 << 20;

    private readonly ResizeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(100_000, 1, 1)]
    [InlineData(1, 1, 100_000)]
    [InlineData(100_000, 7, 2)]
    public void A_long_and_narrow_layer_costs_no_more_than_its_bytes(int rows, int rank, int columns) => AssertCheap(rows, rank, columns);

    [Theory]
    [InlineData(1, 3000, 1)]
    [InlineData(3, 3000, 2)]
    [InlineData(1, 3000, 40)]
    [InlineData(1, 1_000_000, 1)]
    public void A_rank_far_beyond_the_layer_costs_no_more_than_its_bytes(int rows, int rank, int columns) => AssertCheap(rows, rank, columns);

    private void AssertCheap(int rows, int rank, int columns)
    {
        _bench.Decompose(File(2, 2, 2));
        SampleFile file = File(rows, rank, columns);
        long before = PeakMemory();
        Assert.Single(_bench.Decompose(file));
        Assert.Single(_bench.Resize(file, "spn_lora,thr=-60", ResizePrecision.Float32)!);
        Assert.True(PeakMemory() - before <= GrowthAtMost, $"The process grew by {PeakMemory() - before} bytes.");
    }

    private static SampleFile File(int rows, int rank, int columns) =>
        new SampleFile().AddLora("lora_unet_x", rows, columns, rank, new Random(1), dtype: SafetensorsDType.F16);

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
