namespace ResizeLora.Benchmarks.Timing;

/// <summary>Something that is run and knows how long it took, preparation and clearing up aside.</summary>
internal sealed record TimedRun(string Name, Func<double> Seconds);
