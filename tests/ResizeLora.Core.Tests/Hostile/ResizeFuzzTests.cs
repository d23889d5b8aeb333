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
    private readonly CostLimit _cost = new(TimeSpan.FromSeconds(10), bytes: 5 << 20, bytesPerByte: 400, () => ProcessorTime.OfProcess);

    [Fact]
    public void A_LoRA_is_resized_or_refused()
    {
        ResizeCase.Any.Sample(Check, output.WriteLine, iter: FuzzVolume.ResizedFiles, threads: 1, print: task => task.ToString());
        output.WriteLine($"{FuzzVolume.ResizedFiles} tasks. {_cost}");
    }

    private string Check(ResizeCase task)
    {
        using var folder = new TemporaryFolder();
        var trial = new ResizeTrial(new PlainEngine(), folder.Path);
        TimeSpan begin = _cost.Now;
        trial.Run(task);
        _cost.Check(begin, trial.Allocated, task.Lora.Length + (task.Checkpoint?.Length ?? 0));
        return ResizeVerdict.Of(trial, task, folder.Path);
    }
}
