namespace ResizeLora.Benchmarks.Children;

/// <summary>What a run took.</summary>
/// <param name="Seconds">From the first file to the last.</param>
/// <param name="Idle">Bytes of memory with libtorch loaded, before the run.</param>
/// <param name="Peak">The most bytes of memory in the run.</param>
internal sealed record ChildOutcome(double Seconds, long Idle, long Peak)
{
    /// <summary>What the run itself needed.</summary>
    public long AboveIdle => Peak - Idle;
}
