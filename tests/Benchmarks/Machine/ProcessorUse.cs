using System.Globalization;

namespace ResizeLora.Benchmarks.Machine;

/// <summary>Who had the processors while something was measured: noise shows here, where the system tells.</summary>
internal sealed class ProcessorUse
{
    private const string SystemFile = "/proc/stat";
    private const string OwnFile = "/proc/self/stat";

    // Field numbers as proc(5) counts them, from 0: utime, stime, and those of children that have ended.
    private static readonly int[] OwnFields = [13, 14, 15, 16];

    private readonly long _all = All();
    private readonly long _own = Own();

    /// <summary>The share of all work since this object was made that other processes did; null where the system does not tell.</summary>
    public double? Others
    {
        get
        {
            long all = All() - _all;
            return all > 0 ? Math.Max(0, 1 - (Own() - _own) / (double)all) : null;
        }
    }

    /// <summary>The processors' time that was not idle, in ticks: user, nice and system.</summary>
    private static long All() => File.Exists(SystemFile) ? Numbers(File.ReadLines(SystemFile).First())[1..4].Sum() : 0;

    private static long Own()
    {
        if (!File.Exists(OwnFile))
            return 0;

        long[] fields = Numbers(File.ReadAllText(OwnFile));
        return OwnFields.Sum(field => fields[field]);
    }

    private static long[] Numbers(string line) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out long number) ? number : 0)];
}
