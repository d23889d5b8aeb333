using System.Diagnostics;
using CsCheck;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using ResizeLora.Torch.Tests.Support;
using Xunit.Abstractions;

namespace ResizeLora.Torch.Tests.Hostile;

/// <summary>Whatever a LoRA and a checkpoint hold: libtorch computes with it, or an error says where the fault is.</summary>
[Collection(Alone.Name)]
public sealed class EngineFuzzTests(ITestOutputHelper output)
{
    // libtorch's memory is not ours to count; all files together take no more than it takes to start.
    private const long GrowthAtMost = 512 << 20;

    // What .NET allocates: hashing and copying take blocks of 1 MiB for each file.
    private readonly CostLimit _cost = new(TimeSpan.FromSeconds(10), bytes: 5 << 20, bytesPerByte: 400, () => ProcessorTime.OfProcess);

    [Fact]
    public void A_LoRA_is_resized_or_refused()
    {
        long before = PeakMemory();
        ResizeCase.Any.Sample(Check, output.WriteLine, iter: FuzzVolume.EngineFiles, threads: 1, print: task => task.ToString());
        long growth = PeakMemory() - before;
        output.WriteLine($"{FuzzVolume.EngineFiles} tasks. {_cost} The process grew by {growth >> 20} MiB.");
        Assert.True(growth <= GrowthAtMost, $"The process grew by {growth} bytes.");
    }

    private string Check(ResizeCase task)
    {
        using var folder = new TemporaryFolder();
        var trial = new ResizeTrial(TestEngine.Torch, folder.Path);
        TimeSpan begin = _cost.Now;
        trial.Run(task);
        _cost.Check(begin, trial.Allocated, task.Lora.Length + (task.Checkpoint?.Length ?? 0));
        return ResizeVerdict.Of(trial, task, folder.Path);
    }

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
