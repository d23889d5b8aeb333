using System.Diagnostics;
using ResizeLora.Core.Tests.Pipeline;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Output;
using ResizeLora.Safetensors;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>A process is killed while it writes: no name ever stands for half a file.</summary>
public sealed class KilledWriterTests(ITestOutputHelper log) : IDisposable
{
    private const string Recipe = "spn_lora=1,thr=-0.3";
    private const int LongestWait = 120;

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Whenever_a_process_is_killed_a_name_stands_for_a_whole_file_or_for_none()
    {
        string first = WriteLora("first", 1);
        string second = WriteLora("second", 2);
        string[] expected = [Hash.OfFile(Uninterrupted(first)), Hash.OfFile(Uninterrupted(second))];
        var folder = new OutputFolder(_bench.Folder["out"]);
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var phases = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var watch = Stopwatch.StartNew();

        int hits = 0;
        int runs = 0;
        for (; hits < KillRuns.Wanted && runs < KillRuns.Most; runs++)
        {
            using HostProcess host = HostProcess.Start("resize-on", first, second, folder.Path, Recipe);
            KillRuns.Wait(random, runs, LongestWait, () => folder.Temporary.Length > 0);
            Assert.Equal(string.Empty, host.Kill());

            folder.AssertWhole();
            Assert.All(folder.Outputs, output => Assert.Contains(Hash.OfFile(output), expected));

            // What the killed process before this one left is gone, or there would be two.
            Assert.InRange(folder.Temporary.Length, 0, 1);
            string phase = PhaseOf(folder, expected);
            phases[phase] = phases.GetValueOrDefault(phase) + 1;
            hits += folder.Temporary.Length;
            Array.ForEach(folder.Outputs, File.Delete);
        }

        log.WriteLine($"{runs} kills in {watch.Elapsed.TotalSeconds:0} s, {hits} of them while a file was written; seed {seed}");
        foreach ((string phase, int count) in phases)
            log.WriteLine($"{count,5} {phase}");
        Assert.Equal(KillRuns.Wanted, hits);

        _bench.Options = _bench.Options with { Output = OutputPath.In(folder.Path), Precision = ResizePrecision.Float16 };
        ResizeResult result = Assert.Single(_bench.Resize(first, Recipe));
        Assert.Equal(expected[0], Hash.OfFile(result.Path));
        Assert.Empty(folder.Temporary);
    }

    /// <summary>Where the kill hit, by what it left.</summary>
    private static string PhaseOf(OutputFolder folder, string[] expected)
    {
        string under = folder.Outputs is [var output]
            ? Hash.OfFile(output) == expected[0] ? "the old file" : "the new file"
            : "no file";
        string temporary = folder.Temporary is [var path]
            ? new FileInfo(path).Length == 0 ? "a temporary file just made"
                : File.ReadAllBytes(path).AsSpan(0, 8).ContainsAnyExcept((byte)0) ? "a temporary file with its header" : "a temporary file without a header"
            : "no temporary file";
        return $"{under} under the name, {temporary}";
    }

    /// <summary>A file large enough that writing takes a good part of the time.</summary>
    private string WriteLora(string folder, int seed)
    {
        Directory.CreateDirectory(_bench.Folder[folder]);
        byte[] others = new byte[3 << 20];
        new Random(seed).NextBytes(others);
        return _bench.WriteLora(Workbench.ThreeLayers(seed).AddRaw("others", SafetensorsDType.U8, [others.Length], others), Path.Combine(folder, "style.safetensors"));
    }

    private string Uninterrupted(string lora)
    {
        _bench.Options = _bench.Options with { Precision = ResizePrecision.Float16 };
        return Assert.Single(_bench.Resize(lora, Recipe)).Path;
    }
}
