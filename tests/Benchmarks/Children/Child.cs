using System.Diagnostics;
using System.Text.Json;
using ResizeLora.Benchmarks.Baseline;
using ResizeLora.Benchmarks.Machine;
using ResizeLora.Benchmarks.Ours;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Benchmarks.Timing;
using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Benchmarks.Children;

/// <summary>A fresh process of this program, for what can only be measured once in each: the peak of memory.</summary>
internal static class Child
{
    /// <summary>What the first argument of such a process is; the second one is the task.</summary>
    public const string Subcommand = "child";

    /// <summary>Starts a process, and waits for what it has to tell.</summary>
    public static ChildOutcome Start(ChildTask task) =>
        JsonSerializer.Deserialize<ChildOutcome>(ProgramProcess.RunSelf(Subcommand, JsonSerializer.Serialize(task)))!;

    /// <summary>The work of such a process.</summary>
    public static void Run(string task) =>
        Console.WriteLine(JsonSerializer.Serialize(Run(JsonSerializer.Deserialize<ChildTask>(task)!)));

    private static ChildOutcome Run(ChildTask task)
    {
        INumericEngine engine = LibTorch.Load();
        byte[] one = [0, 0x3C];
        var entry = new StoredMatrix("one", one, SafetensorsDType.F16, 1, 1);
        engine.Decompose(new LayerFactors(entry, entry, 1));
        GC.Collect();
        long idle = Memory(process => process.WorkingSet64);
        double seconds = Interleaved.Time(() => Work(task, engine));
        return new ChildOutcome(seconds, idle, Memory(process => process.PeakWorkingSet64));
    }

    private static void Work(ChildTask task, INumericEngine engine)
    {
        var product = new Product(engine, task.Checkpoint, task.Cache);
        if (task.ComparedWith is { } other)
        {
            product.Compare(task.Loras[0], other);
            return;
        }

        if (!task.IsBaseline)
        {
            product.Resize(task.Loras, [Survey.Recipe("spn_ckpt", task.Threshold)], task.Outputs);
            return;
        }

        using BaseCheckpoint checkpoint = product.OpenCheckpoint();
        foreach (string lora in task.Loras)
        {
            var baseline = new BaselineResize(CachedNorms.Spectral(lora, product.NormsOf(checkpoint), engine), task.Threshold);
            LibTorch.OnAllProcessors(() => baseline.Run(lora, Path.Combine(task.Outputs, Path.GetFileName(lora))));
        }
    }

    private static long Memory(Func<Process, long> value)
    {
        using Process process = Process.GetCurrentProcess();
        return value(process);
    }
}
