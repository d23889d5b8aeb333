using System.Diagnostics;
using ResizeLora.Adapters;
using ResizeLora.Core.Tests.Pipeline;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Files;
using ResizeLora.Output;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>A process is killed while it writes the folder of an adapter: no name ever stands for half of one, or for two halves.</summary>
public sealed class KilledFolderTests(ITestOutputHelper log) : IDisposable
{
    private const string Recipe = "spn_lora=1,thr=-0.3";
    private const int LongestWait = 120;

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Whenever_a_process_is_killed_a_name_stands_for_a_whole_adapter_or_for_none()
    {
        string first = WriteAdapter("first/style", 1, alpha: 16);
        string second = WriteAdapter("second/style", 2, alpha: 2);
        string[] expected = [HashOf(Uninterrupted(first)), HashOf(Uninterrupted(second))];
        string folder = Directory.CreateDirectory(_bench.Folder["out"]).FullName;
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var phases = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var watch = Stopwatch.StartNew();

        int hits = 0;
        int runs = 0;
        for (; hits < KillRuns.Wanted && runs < KillRuns.Most; runs++)
        {
            using HostProcess host = HostProcess.Start("resize-on", first, second, folder, Recipe);
            KillRuns.Wait(random, runs, LongestWait, () => Temporary(folder).Length > 0);
            Assert.Equal(string.Empty, host.Kill());

            string[] outputs = Outputs(folder);
            Assert.All(outputs, output => Assert.Contains(HashOf(output), expected));
            Assert.All(outputs, output => OutputFolder.AssertWhole(Path.Combine(output, AdapterLocation.WeightsName)));
            Assert.InRange(outputs.Length, 0, 1);

            // What the killed process before this one left is gone, or there would be more.
            string[] temporary = Temporary(folder);
            Assert.All(temporary, path => Assert.Matches(@"^\.\w{8}\.\w{3}\.resizelora\.(tmp|folder)$", Path.GetFileName(path)));
            Assert.InRange(temporary.Length, 0, 2);
            string phase = PhaseOf(outputs, temporary, expected);
            phases[phase] = phases.GetValueOrDefault(phase) + 1;
            hits += temporary.Length > 0 ? 1 : 0;
            foreach (string output in outputs)
                Directory.Delete(output, recursive: true);
        }

        log.WriteLine($"{runs} kills in {watch.Elapsed.TotalSeconds:0} s, {hits} of them while a folder was written; seed {seed}");
        foreach ((string phase, int count) in phases)
            log.WriteLine($"{count,5} {phase}");
        Assert.Equal(KillRuns.Wanted, hits);

        _bench.Options = _bench.Options with { Output = OutputPath.In(folder), Precision = ResizePrecision.Float16 };
        ResizeResult result = Assert.Single(_bench.Resize(first, Recipe));
        Assert.Equal(expected[0], HashOf(result.Path));
        Assert.Equal([result.Path], Directory.GetFileSystemEntries(folder));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_folder_that_is_being_replaced_is_there_at_every_moment_or_after_the_next_run(bool canExchange)
    {
        string folder = Directory.CreateDirectory(_bench.Folder["out"]).FullName;
        string target = Path.Combine(folder, "target");
        int seed = Environment.TickCount;
        var random = new Random(seed);
        int missing = 0;
        for (int run = 0; run < KillRuns.Wanted; run++)
        {
            using HostProcess host = HostProcess.Start("replace-on", folder, $"{canExchange}");
            Thread.Sleep(random.Next(LongestWait));
            Assert.Equal(string.Empty, host.Kill());

            if (!Directory.Exists(target))
                missing++;
            LeftOvers.Remove(folder);
            Assert.Equal(File.ReadAllText(Path.Combine(target, "a")), File.ReadAllText(Path.Combine(target, "b")));
            Assert.Equal([target], Directory.GetFileSystemEntries(folder));
        }

        log.WriteLine($"{KillRuns.Wanted} kills, {missing} of them between the two steps of a replacement; seed {seed}");
        Assert.True(missing == 0 || !canExchange, $"{missing} kills left no folder under the name");
    }

    private static string PhaseOf(string[] outputs, string[] temporary, string[] expected)
    {
        string under = outputs is [var output] ? HashOf(output) == expected[0] ? "the old adapter" : "the new adapter" : "nothing";
        string staged = temporary.FirstOrDefault(Directory.Exists) is { } path
            ? File.Exists(Path.Combine(path, AdapterLocation.ConfigurationName)) ? "a folder with its configuration"
                : File.Exists(Path.Combine(path, AdapterLocation.WeightsName)) ? "a folder with its tensors"
                : "a folder with tensors that are being written, or none"
            : temporary.Length > 0 ? "a sign of life alone" : "nothing else";
        return $"{under} under the name, {staged}";
    }

    private static string[] Outputs(string folder) => [.. Directory.GetDirectories(folder).Where(path => !Path.GetFileName(path).StartsWith('.'))];

    private static string[] Temporary(string folder) => [.. Directory.GetFileSystemEntries(folder).Except(Outputs(folder))];

    /// <summary>Both files, and their names.</summary>
    private static string HashOf(string folder) => string.Join(' ', Directory.GetFileSystemEntries(folder).Order(StringComparer.Ordinal).Select(path => $"{Path.GetFileName(path)} {Hash.OfFile(path)}"));

    /// <summary>An adapter large enough that writing takes a good part of the time.</summary>
    private string WriteAdapter(string name, int seed, int alpha)
    {
        byte[] others = new byte[3 << 20];
        new Random(seed).NextBytes(others);
        var random = new Random(seed);
        SampleFile file = new SampleFile().AddRaw("others", SafetensorsDType.U8, [others.Length], others);
        foreach (string layer in new[] { "a", "b", "c" })
        {
            file.Add($"base_model.model.{layer}.lora_B.weight", Matrix.Gaussian(12, 4, random))
                .Add($"base_model.model.{layer}.lora_A.weight", Matrix.Gaussian(4, 9, random));
        }

        return PeftSample.Write(_bench.Folder[name], file, $$"""{"peft_type": "LORA", "r": 4, "lora_alpha": {{alpha}}, "target_modules": ["a", "b", "c"], "name": {{seed}}}""");
    }

    private string Uninterrupted(string adapter)
    {
        _bench.Options = _bench.Options with { Precision = ResizePrecision.Float16 };
        return Assert.Single(_bench.Resize(adapter, Recipe)).Path;
    }
}
