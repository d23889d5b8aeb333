using System.Globalization;

namespace ResizeLora.Testing;

/// <summary>What work costs, counted instead of timed: the same on any machine, whatever else it does.</summary>
internal static class Work
{
    private const string Counters = "/proc/thread-self/io";
    private const string ReadCounter = "rchar:";

    /// <summary>Whether the system counts what a thread reads.</summary>
    public static bool CountsReading { get; } = File.Exists(Counters);

    /// <summary>How many bytes some work of this thread allocates.</summary>
    public static long Allocated(Action work)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>How many bytes some work of this thread reads from files; 0 where the system does not count them.</summary>
    public static long Read(Action work)
    {
        long before = ReadSoFar();
        work();
        return ReadSoFar() - before;
    }

    private static long ReadSoFar() => CountsReading
        ? long.Parse(File.ReadLines(Counters).First(line => line.StartsWith(ReadCounter, StringComparison.Ordinal))[ReadCounter.Length..], CultureInfo.InvariantCulture)
        : 0;
}
