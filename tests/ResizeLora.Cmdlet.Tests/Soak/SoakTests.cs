using System.Globalization;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using Xunit.Abstractions;

namespace ResizeLora.Cmdlet.Tests.Soak;

/// <summary>Many files in one pipeline: nothing that belongs to one of them stays.</summary>
public sealed class SoakTests(ITestOutputHelper log) : IDisposable
{
    private const string Variable = "RESIZELORA_SOAK_FILES";
    private const int Few = 60;
    private const int Measurements = 10;

    // Less than one for every few files. A machine that is busy may make the runtime start a thread more, which is no leak.
    private const int OpenThings = 10;

    // A path, its output's name and what the shell knows of both are kept until the call ends.
    private const long HeapPerFile = 4096;
    private const long WorkingSetGrowth = 64 << 20;

    private readonly Bench _bench = new();
    private readonly SortedDictionary<int, ProcessMeter> _meters = [];

    private static int Files { get; } = int.TryParse(Environment.GetEnvironmentVariable(Variable), out int files) ? files : Few;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Files_handles_threads_and_memory_stay_flat_and_every_output_is_valid()
    {
        _bench.AddCheckpoint();
        for (int i = 0; i < Files; i++)
            _bench.AddLora($"in/{i:0000}.safetensors", seed: i);

        int done = 0;
        int[] moments = [.. Enumerable.Range(1, Measurements).Select(i => Files * i / Measurements)];
        Action count = () =>
        {
            if (moments.Contains(++done))
                _meters[done] = ProcessMeter.Read();
        };
        _bench.RunClean(
            "param($Count) Get-ChildItem in | Invoke-LoraResize -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2', 'spn_lora=1,size=0.02' -Destination out | Where-Object Threshold -ne $null | ForEach-Object { if ($_.Recipe.SizeMiB -eq $null) { $Count.Invoke() } }",
            count);

        foreach ((int files, ProcessMeter meter) in _meters)
            log.WriteLine($"after {files,5} files: {meter}");
        AssertFlat("handles", meter => meter.Handles, OpenThings);
        AssertFlat("threads", meter => meter.Threads, OpenThings);
        AssertFlat("heap", meter => meter.Heap, HeapPerFile * Files + (1 << 20));
        AssertFlat("memory", meter => meter.WorkingSet, WorkingSetGrowth);
        AssertOutputs();
    }

    private void AssertFlat(string what, Func<ProcessMeter, double> value, double most)
    {
        double growth = Growth.Of([.. _meters.Select(meter => ((double)meter.Key, value(meter.Value)))]);
        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {growth:0.#} more in the course of the run"));
        Assert.True(growth < most, $"{what}: {growth} more, {most} at most.");
    }

    private void AssertOutputs()
    {
        string[] outputs = [.. Directory.EnumerateFileSystemEntries(_bench.PathOf("out")).Order(StringComparer.Ordinal)];
        Assert.Equal(2 * Files, outputs.Length);
        Assert.All(Enumerable.Range(0, Files), i => Assert.Contains(_bench.PathOf($"out/{i:0000}_spnckpt1_th-1.2.safetensors"), outputs));
        foreach (string output in outputs)
        {
            ReferenceFile file = ReferenceFile.Open(output);
            Assert.Equal(file.ModelHash, file.Metadata["sshs_model_hash"]);
            Assert.NotEmpty(file.Names);
            foreach (string name in file.Names)
            {
                Assert.Equal("F16", file.DType(name));
                Assert.Equal(file.Shape(name).Aggregate(2L, (bytes, size) => bytes * size), file.Bytes(name).LongLength);
                Assert.All(Enumerable.Range(0, file.Bytes(name).Length / 2), i => Assert.True(double.IsFinite(SampleElement.Read(SafetensorsDType.F16, file.Bytes(name).AsSpan(2 * i)))));
            }
        }

        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outputs.Length} outputs are valid."));
    }
}
