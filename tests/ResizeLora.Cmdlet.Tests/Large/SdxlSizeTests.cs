using System.Diagnostics;
using ResizeLora.Testing;
using Xunit.Abstractions;

namespace ResizeLora.Cmdlet.Tests.Large;

public sealed class SdxlSizeTests(ITestOutputHelper output)
{
    private const int Rank = 32;
    private const int Layers = 986;

    [LargeFact]
    public void A_pair_of_full_size_goes_through_in_three_gigabytes()
    {
        (string checkpoint, string lora) = SdxlSample.Write(LargeFactAttribute.Folder!, Rank);
        using var session = new ModuleSession();
        session.RunOrThrow("$env:RESIZELORA_CACHE = $args[0]", session.PathOf("cache"));
        foreach (string pass in new[] { "norms computed", "norms cached" })
        {
            var watch = Stopwatch.StartNew();
            ResizeResult result = session.Run(
                "param($Lora, $Checkpoint, $Destination) Invoke-LoraResize $Lora -Checkpoint $Checkpoint -Recipe 'spn_ckpt=1,size=100' -Destination $Destination -Force",
                lora,
                checkpoint,
                session.Folder).Only<ResizeResult>();
            output.WriteLine($"{pass}: {watch.Elapsed.TotalSeconds:0.0} s, rank {result.SourceRank} -> {result.Rank}, {result.SourceSize >> 20} -> {result.Size >> 20} MiB, peak memory {PeakMemory() >> 20} MiB");
            Assert.Equal(Layers, result.SourceLayerCount);
            Assert.InRange(result.Rank, 1, Rank * Layers - 1);
        }

        Assert.True(PeakMemory() < 3L << 30);
    }

    private static long PeakMemory()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
