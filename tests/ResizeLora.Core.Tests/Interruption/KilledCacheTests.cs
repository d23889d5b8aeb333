using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Testing;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>A process is killed while it adds to the cache: what was there before is there after.</summary>
public sealed class KilledCacheTests(ITestOutputHelper log) : IDisposable
{
    private static readonly string Sha = new('a', 64);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whenever_a_process_is_killed_the_cache_is_whole()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var recorder = new JobRecorder();
        var cache = new NormCache(_folder.Path, recorder);
        int known = 0;
        int hits = 0;
        int runs = 0;
        for (; hits < KillRuns.Wanted && runs < KillRuns.Most; runs++)
        {
            using HostProcess host = HostProcess.Start("save-on", _folder.Path);
            KillRuns.Wait(random, runs, 100, () => _folder.FileNames.Any(name => name.EndsWith(".tmp", StringComparison.Ordinal)));
            Assert.Equal(string.Empty, host.Kill());

            IReadOnlyDictionary<string, MatrixNorms> norms = cache.Load(Sha);
            Assert.Empty(recorder.Warnings);
            Assert.InRange(norms.Count, known, int.MaxValue);
            known = norms.Count;
            foreach ((string layer, MatrixNorms value) in norms)
                Assert.Equal($"layer {value.Spectral}", layer);

            int left = _folder.FileNames.Count(name => name.EndsWith(".tmp", StringComparison.Ordinal));
            Assert.InRange(left, 0, 1);
            hits += left;
        }

        log.WriteLine($"{runs} kills, {hits} of them while the cache was written, {known} norms; seed {seed}");
        Assert.Equal(KillRuns.Wanted, hits);

        cache.Save(Sha, "base", new Dictionary<string, MatrixNorms> { ["layer 1"] = new(1, 2) });
        Assert.Empty(recorder.Warnings);
        Assert.DoesNotContain(_folder.FileNames, name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }
}
