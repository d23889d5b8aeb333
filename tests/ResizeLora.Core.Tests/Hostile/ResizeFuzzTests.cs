using System.Diagnostics;
using CsCheck;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Hostile;

/// <summary>Whatever a LoRA and a checkpoint hold: sound files come out, or errors that say where the fault is.</summary>
[Collection(Alone.Name)]
public sealed class ResizeFuzzTests(ITestOutputHelper output)
{
    // Hashing and copying take blocks of 1 MiB for each file. The plain engine works on several copies in float64.
    private const long AllocationPerByte = 400;
    private const long AllocationAtLeast = 5 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_LoRA_is_resized_or_refused() =>
        ResizeCase.Any.Sample(Check, output.WriteLine, iter: FuzzVolume.ResizedFiles, threads: 1, print: task => task.ToString());

    private static string Check(ResizeCase task)
    {
        using var folder = new TemporaryFolder();
        var trial = new ResizeTrial(new PlainEngine(), folder.Path);
        var time = Stopwatch.StartNew();
        trial.Run(task);
        Assert.True(time.Elapsed < Patience, $"It took {time.Elapsed}.");
        int length = task.Lora.Length + (task.Checkpoint?.Length ?? 0);
        Assert.True(trial.Allocated <= AllocationAtLeast + AllocationPerByte * length, $"{trial.Allocated} bytes were allocated for {length}.");
        return ResizeVerdict.Of(trial, task, folder.Path);
    }
}
