namespace ResizeLora.Core.Tests.Interruption;

/// <summary>How often tests kill a process: a few times, or as often as the environment says.</summary>
internal static class KillRuns
{
    private const string Variable = "RESIZELORA_KILL_RUNS";
    private const int Few = 12;

    /// <summary>How many kills must hit a process while it writes.</summary>
    public static int Wanted { get; } = int.TryParse(Environment.GetEnvironmentVariable(Variable), out int runs) ? runs : Few;

    /// <summary>Kills that hit nothing don't count, but they end some time.</summary>
    public static int Most => 10 * Wanted;
}
