using System.Runtime;
using System.Runtime.InteropServices;

namespace ResizeLora.Testing;

/// <summary>Time that a processor has worked: what else the machine does, and other threads, do not count.</summary>
internal static partial class ProcessorTime
{
    /// <summary>CLOCK_THREAD_CPUTIME_ID of Linux and macOS.</summary>
    private static readonly int ThreadClock = OperatingSystem.IsMacOS() ? 16 : 3;

    /// <summary>Of this thread so far.</summary>
    public static TimeSpan OfThread
    {
        get
        {
            if (OperatingSystem.IsWindows())
                return GetThreadTimes(GetCurrentThread(), out _, out _, out long kernel, out long user) ? new TimeSpan(kernel + user) : throw new NotSupportedException("The system does not tell the time of a thread.");

            return GetTime(ThreadClock, out Time time) == 0
                ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick)
                : throw new NotSupportedException("The system does not tell the time of a thread.");
        }
    }

    /// <summary>Of this process so far.</summary>
    public static TimeSpan OfProcess => Environment.CpuUsage.TotalTime;

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
    /// <param name="window">How long this thread works, in time of the processor.</param>
    public static bool OthersRest(TimeSpan window)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            (TimeSpan all, TimeSpan compiling) = (OfProcess, JitInfo.GetCompilationTime());
            TimeSpan begin = OfThread;
            TimeSpan own;
            while ((own = OfThread - begin) < window)
                Thread.SpinWait(100);
            TimeSpan others = OfProcess - all - own;
            TimeSpan least = others - (JitInfo.GetCompilationTime() - compiling);
            if (others < own / 4 || least >= own / 4)
                return others < own / 4;
        }

        return false;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetThreadTimes(nint thread, out long creation, out long exit, out long kernel, out long user);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentThread();

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
