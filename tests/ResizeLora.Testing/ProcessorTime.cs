using System.Diagnostics;
using System.Runtime;
using System.Runtime.InteropServices;

namespace ResizeLora.Testing;

/// <summary>Time that a processor has worked: what else the machine does, and other threads, do not count.</summary>
internal static partial class ProcessorTime
{
    /// <summary>CLOCK_THREAD_CPUTIME_ID of Linux and macOS.</summary>
    private static readonly int ThreadClock = OperatingSystem.IsMacOS() ? 16 : 3;

    /// <summary>Of this thread so far; the time of the clock where the system does not tell.</summary>
    public static TimeSpan OfThread => !OperatingSystem.IsWindows() && GetTime(ThreadClock, out Time time) == 0
        ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / 100)
        : TimeSpan.FromTicks(Stopwatch.GetTimestamp() * TimeSpan.TicksPerSecond / Stopwatch.Frequency);

    /// <summary>Of this thread for some work.</summary>
    public static TimeSpan Of(Action work)
    {
        TimeSpan before = OfThread;
        work();
        return OfThread - before;
    }

    /// <summary>
    /// Whether the other threads of this process rest, beside one that never does: it gets as much of the processors as each
    /// thread that works, however many want them. What the runtime compiles meanwhile does not count.
    /// </summary>
    public static bool OthersRest(TimeSpan window)
    {
        (TimeSpan all, TimeSpan compiling) = (Environment.CpuUsage.TotalTime, JitInfo.GetCompilationTime());
        var watch = Stopwatch.StartNew();
        TimeSpan own = Of(() =>
        {
            while (watch.Elapsed < window)
                Thread.SpinWait(100);
        });
        TimeSpan others = Environment.CpuUsage.TotalTime - all - own - (JitInfo.GetCompilationTime() - compiling);
        return others < own / 4;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
