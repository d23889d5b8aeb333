using System.Diagnostics;

namespace ResizeLora.Cmdlet.Tests.Soak;

/// <summary>What a process holds at a moment, after a garbage collection.</summary>
internal sealed record ProcessMeter(int Handles, int Threads, long Heap, long WorkingSet)
{
    public static ProcessMeter Read()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return new ProcessMeter(
            // On Linux these are the open files.
            process.HandleCount,
            process.Threads.Count,
            GC.GetTotalMemory(forceFullCollection: false),
            process.WorkingSet64);
    }

    public override string ToString() => $"{Handles} handles, {Threads} threads, {Heap >> 10} KiB of heap, {WorkingSet >> 20} MiB of memory";
}
