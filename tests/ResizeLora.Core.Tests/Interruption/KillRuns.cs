using System.Diagnostics;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>How often tests kill a process: a few times, or as often as the environment says.</summary>
internal static class KillRuns
{
    private const string Variable = "RESIZELORA_KILL_RUNS";
    private const int Few = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>How many kills must hit a process while it writes.</summary>
    public static int Wanted { get; } = int.TryParse(Environment.GetEnvironmentVariable(Variable), out int runs) ? runs : Few;

    /// <summary>
    /// Lets a process work for a time; in every other run, further until it has a temporary file. So some kills hit while it
    /// writes however slow the machine is, and others at any moment.
    /// </summary>
    public static void Wait(Random random, int run, int milliseconds, Func<bool> hasTemporaryFile)
    {
        Thread.Sleep(random.Next(milliseconds));
        if (run % 2 == 0)
            return;

        var watch = Stopwatch.StartNew();
        while (!hasTemporaryFile() && watch.Elapsed < Patience)
            Thread.Yield();
        Thread.SpinWait(random.Next(1 << random.Next(18)));
    }

    /// <summary>Kills that hit nothing don't count, but they end some time.</summary>
    public static int Most => 10 * Wanted;
}
