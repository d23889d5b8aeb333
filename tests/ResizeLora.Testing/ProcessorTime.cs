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
    /// thread that works, however many want them. What the runtime compiles meanwhile does not count; it is measured by the
    /// clock, which on a busy machine is more than the processors have worked, so a window in which it matters tells nothing.
    /// </summary>
    /// <param name="window">How long this thread works; on a busy machine that takes longer.</param>
    public static bool OthersRest(TimeSpan window)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            (TimeSpan all, TimeSpan compiling) = (Environment.CpuUsage.TotalTime, JitInfo.GetCompilationTime());
            TimeSpan begin = OfThread;
            TimeSpan own;
            while ((own = OfThread - begin) < window)
                Thread.SpinWait(100);
            TimeSpan others = Environment.CpuUsage.TotalTime - all - own;
            TimeSpan least = others - (JitInfo.GetCompilationTime() - compiling);
            if (others < own / 4 || least >= own / 4)
                return others < own / 4;
        }

        return false;
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
