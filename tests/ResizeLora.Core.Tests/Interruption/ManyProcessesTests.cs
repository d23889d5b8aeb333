using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Pipeline;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Output;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>Eight processes that start at the same moment.</summary>
public sealed class ManyProcessesTests : IDisposable
{
    private const int Many = 8;
    private const string ByItself = "spn_lora=1,thr=-0.3";
    private const string ByCheckpoint = "spn_ckpt=1,thr=-2";

    private readonly Workbench _bench = new();

    private OutputFolder Folder => new(_bench.Folder["out"]);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void With_one_folder_one_checkpoint_and_one_cold_cache_all_succeed_and_no_norm_is_wrong()
    {
        string[] loras = [.. Enumerable.Range(0, Many).Select(i => _bench.WriteLora(Workbench.ThreeLayers(i), $"style{i}.safetensors"))];
        string checkpoint = _bench.WriteCheckpoint();

        (int ExitCode, string Output)[] outcomes = RunTogether(i => ["resize", loras[i], Folder.Path, ByCheckpoint, checkpoint, _bench.Folder["cache"]]);

        Assert.All(outcomes, (outcome, i) => Assert.Equal((0, $"style{i}_spnckpt1_th-2.safetensors{Environment.NewLine}"), outcome));
        Folder.AssertWhole();
        Assert.Empty(Folder.Temporary);
        AssertSameAsAlone(loras, checkpoint);
    }

    [Fact]
    public void That_want_the_same_output_one_gets_it_and_the_others_are_told()
    {
        string lora = _bench.WriteLora();

        (int ExitCode, string Output)[] outcomes = RunTogether(_ => ["resize", lora, Folder.Path, ByItself]);

        Assert.Single(outcomes, outcome => outcome.ExitCode == 0);
        Assert.Equal(Many - 1, outcomes.Count(outcome => outcome.Output.StartsWith("OutputExists: ", StringComparison.Ordinal)));
        Assert.Single(Folder.Outputs);
        Folder.AssertWhole();
        Assert.Empty(Folder.Temporary);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void That_want_the_same_folder_of_an_adapter_leave_one_whole(bool force)
    {
        string adapter = PeftSample.CopyTo(_bench.Folder["style"], "plain");
        string output = Path.Combine(Folder.Path, "style_spnlora1_th-0.3");

        (int ExitCode, string Output)[] outcomes = RunTogether(_ => ["resize", adapter, Folder.Path, ByItself, .. force ? ["force"] : Array.Empty<string>()]);

        Assert.Equal(force ? Many : 1, outcomes.Count(outcome => outcome.ExitCode == 0));
        Assert.All(outcomes.Where(outcome => outcome.ExitCode != 0), outcome => Assert.StartsWith("OutputExists: ", outcome.Output, StringComparison.Ordinal));
        Assert.Equal([output], Directory.GetFileSystemEntries(Folder.Path));
        OutputFolder.AssertWhole(Path.Combine(output, PeftSample.WeightsName));
        Assert.Equal(10, LoraFile.Layers(output).Count);
    }

    [Fact]
    public void That_overwrite_the_same_output_all_succeed()
    {
        string lora = _bench.WriteLora();

        (int ExitCode, string Output)[] outcomes = RunTogether(_ => ["resize", lora, Folder.Path, ByItself, "force"]);

        Assert.All(outcomes, outcome => Assert.Equal(0, outcome.ExitCode));
        Assert.Single(Folder.Outputs);
        Folder.AssertWhole();
        Assert.Empty(Folder.Temporary);
    }

    private static (int ExitCode, string Output)[] RunTogether(Func<int, string[]> arguments)
    {
        HostProcess[] hosts = [.. Enumerable.Range(0, Many).Select(i => HostProcess.Start(arguments(i)))];
        try
        {
            Array.ForEach(hosts, host => host.Go());
            return [.. hosts.Select(host => host.Finish())];
        }
        finally
        {
            Array.ForEach(hosts, host => host.Dispose());
        }
    }

    /// <summary>Compares outputs and cache with those of one process with a cache of its own.</summary>
    private void AssertSameAsAlone(string[] loras, string checkpoint)
    {
        var host = new JobRecorder();
        var shared = new NormCache(_bench.Folder["cache"], host);
        var alone = new NormCache(_bench.Folder["alone"], host);
        _bench.Options = _bench.Options with { Precision = ResizePrecision.Float16, CacheFolder = alone.Folder, Output = OutputPath.In(Directory.CreateDirectory(_bench.Folder["expected"]).FullName) };
        using (BaseCheckpoint open = BaseCheckpoint.Open(checkpoint, alone.Folder, host, CancellationToken.None))
        {
            foreach (string lora in loras)
            {
                string expected = Assert.Single(_bench.Pipeline(open).Resize(lora, [ResizeRecipe.Parse(ByCheckpoint)])).Path;
                Assert.Equal(Hash.OfFile(expected), Hash.OfFile(Path.Combine(Folder.Path, Path.GetFileName(expected))));
            }
        }

        IReadOnlyDictionary<string, MatrixNorms> norms = shared.Load(Hash.OfFile(checkpoint));
        Assert.Equal(alone.Load(Hash.OfFile(checkpoint)).OrderBy(pair => pair.Key, StringComparer.Ordinal), norms.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(3, norms.Count);
        Assert.Empty(host.Warnings);
    }
}
