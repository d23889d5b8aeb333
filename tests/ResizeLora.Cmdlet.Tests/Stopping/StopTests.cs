using System.Diagnostics;
using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Files;
using ResizeLora.Testing;
using Xunit.Abstractions;

namespace ResizeLora.Cmdlet.Tests.Stopping;

/// <summary>Ctrl+C in the middle of each stage: it ends soon, leaves nothing behind, and the session goes on.</summary>
public sealed class StopTests : IDisposable
{
    private const string ByItself = "-Recipe 'spn_lora=1,thr=-60'";
    private const string ByBase = "-Recipe 'spn_ckpt=1,thr=-60'";

    /// <summary>What a call may still work, in time of the processors: each of these would work for longer.</summary>
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(2);

    /// <summary>Where others want the processors, a call that stops in time waits for its turn.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ITestOutputHelper _log;
    private readonly Bench _bench = new();

    public StopTests(ITestOutputHelper log)
    {
        _log = log;

        // libtorch is there, so that no stage waits for it.
        _bench.AddCheckpoint("small-base.safetensors");
        _bench.AddLora("small.safetensors");
        _bench.RunClean($"Get-LoraSpectrum small.safetensors");
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Get-LoraSpectrum long.safetensors")]
    [InlineData($"Invoke-LoraResize long.safetensors -Destination out {ByItself}")]
    public void While_layers_are_decomposed(string command)
    {
        LongWork.HighRanks(_bench.PathOf("long.safetensors"));
        AssertStops(command, Is("Decomposing layer"), "long.safetensors");
    }

    [Fact]
    public void While_norms_of_base_layers_are_computed()
    {
        LongWork.LowRanks(_bench.PathOf("long.safetensors"));
        LongWork.LargeBase(_bench.PathOf("base.safetensors"));
        AssertStops($"Invoke-LoraResize long.safetensors -Checkpoint base.safetensors -Destination out {ByBase}", Is("Decomposing layer"), "long.safetensors", "base.safetensors");
    }

    [Fact]
    public void While_factors_are_built_and_written()
    {
        LongWork.HighRanks(_bench.PathOf("long.safetensors"));
        AssertStops($"Invoke-LoraResize long.safetensors -Destination out {ByItself}", Is("Writing layer"), "long.safetensors");
    }

    [Fact]
    public void While_layers_that_were_kept_are_written()
    {
        LongWork.HighRanks(_bench.PathOf("long.safetensors"));
        _bench.RunClean("$layers = Get-LoraSpectrum long.safetensors");
        AssertStops($"$layers | Invoke-LoraResize -Destination out {ByItself}", Is("Writing layer"), "long.safetensors");
    }

    [Fact]
    public void While_other_tensors_are_copied()
    {
        LongWork.LargeRest(_bench.PathOf("long.safetensors"), gibibytes: 2);
        AssertStops(
            $"Invoke-LoraResize long.safetensors -Destination out {ByItself}",
            _ => Directory.Exists(_bench.PathOf("out")) && Directory.EnumerateFiles(_bench.PathOf("out"), $"*{TemporaryFile.Extension}").Any(path => new FileInfo(path).Length > 1 << 30),
            "long.safetensors");
    }

    [Fact]
    public void While_the_checkpoint_is_hashed()
    {
        // Layers are paired first, by headers alone.
        LongWork.LargeRest(_bench.PathOf("short.safetensors"), gibibytes: 0);
        LongWork.LargeRest(_bench.PathOf("base.safetensors"), gibibytes: 8);
        AssertStops($"Invoke-LoraResize short.safetensors -Checkpoint base.safetensors -Destination out {ByBase}", Is("Hashing MiB"), "base.safetensors");
    }

    [Fact]
    public void While_a_checkpoint_is_hashed_to_forget_its_norms()
    {
        _bench.RunClean("Get-LoraSpectrum small.safetensors -Checkpoint small-base.safetensors");
        LongWork.LargeRest(_bench.PathOf("base.safetensors"), gibibytes: 8);
        AssertStops("Clear-SpectralNormCache -Checkpoint base.safetensors", After(TimeSpan.FromMilliseconds(500)), "base.safetensors");
    }

    [Fact]
    public void While_the_input_s_hash_is_waited_for()
    {
        LongWork.LargeRest(_bench.PathOf("long.safetensors"), gibibytes: 8);
        AssertStops($"Invoke-LoraResize long.safetensors -Destination out {ByItself}", Is("Decomposing layer"), "long.safetensors");
    }

    [Fact]
    public void While_another_process_holds_the_cache()
    {
        Directory.CreateDirectory(_bench.Cache);
        using (new FileStream(Path.Combine(_bench.Cache, ".lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            // Waiting takes no time of a processor. It would end by itself after ten seconds.
            TimeSpan delay = AssertStops($"Invoke-LoraResize small.safetensors -Checkpoint small-base.safetensors -Destination out {ByBase}", Is("Decomposing layer 4 of 4"), "small.safetensors", "small-base.safetensors");
            Assert.InRange(delay, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        }
    }

    [Fact]
    public void While_a_folder_is_looked_through()
    {
        for (int i = 0; i < 3000; i++)
            File.Copy(_bench.PathOf("small.safetensors"), _bench.PathOf($"many{i}.safetensors"));
        AssertStops($"Invoke-LoraResize many*.safetensors -Destination out {ByItself}", After(TimeSpan.FromMilliseconds(300)), "many0.safetensors", "many2999.safetensors");
    }

    [Fact]
    public void Whenever_a_call_is_about_to_end_anyway()
    {
        // The stop may come when there is nothing left to stop; it must not fail for that.
        for (int milliseconds = 0; milliseconds < 60; milliseconds++)
        {
            RunResult result = _bench.RunAndStop("Get-LoraSpectrum small.safetensors", After(TimeSpan.FromMilliseconds(milliseconds))).Result;
            Assert.Empty(result.Errors);
            Assert.True(result.WasStopped || result.Output.Count == SampleModel.LayerNames.Count);
        }
    }

    private static Func<PSDataStreams, bool> Is(string stage) =>
        streams => streams.Progress.ToArray().Any(record => record.StatusDescription.StartsWith(stage, StringComparison.Ordinal));

    private static Func<PSDataStreams, bool> After(TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        return _ => watch.Elapsed >= time;
    }

    private TimeSpan AssertStops(string command, Func<PSDataStreams, bool> when, params string[] inputs)
    {
        (RunResult result, TimeSpan delay, TimeSpan work) = _bench.RunAndStop(command, when);
        _log.WriteLine($"Stopped after {delay.TotalMilliseconds:0} ms, in which the processors worked for {work.TotalMilliseconds:0} ms.");
        Assert.True(result.WasStopped, "It ended before it could be stopped.");
        Assert.Empty(result.Errors);
        Assert.True(work < Promise, $"It went on to work for {work}.");
        Assert.True(delay < Patience, $"It went on for {delay}.");
        AssertNothingGoesOn();
        Assert.Empty(Directory.EnumerateFiles(_bench.Folder, $"*{TemporaryFile.Extension}", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }));
        AssertWhole(_bench.PathOf("out"));

        // Who has a file open keeps others out.
        foreach (string input in inputs)
            File.Open(_bench.PathOf(input), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();

        Assert.Single(_bench.Run($"Invoke-LoraResize small.safetensors -NoCache -Destination next {ByItself}").OutputAs<ResizeResult>());
        return delay;
    }

    /// <summary>What was finished before the stop came stays; where the machine is fast, that is more than nothing.</summary>
    private static void AssertWhole(string folder)
    {
        if (!Directory.Exists(folder))
            return;

        foreach (string path in Directory.EnumerateFileSystemEntries(folder))
            Assert.NotEmpty(ReferenceFile.Open(path).Names);
    }

    /// <summary>
    /// Threads of the pool stay for the next call; that they rest is what shows that no work was forgotten. For some windows in a
    /// row, as work may pause: what the stages here do has no pause, and each would go on for longer than all windows.
    /// </summary>
    private static void AssertNothingGoesOn()
    {
        const int most = 12;
        const int wanted = 3;
        int quiet = 0;
        for (int window = 0; window < most && quiet < wanted; window++)
            quiet = ProcessorTime.OthersRest(TimeSpan.FromMilliseconds(200)) ? quiet + 1 : 0;
        Assert.Equal(wanted, quiet);
    }
}
