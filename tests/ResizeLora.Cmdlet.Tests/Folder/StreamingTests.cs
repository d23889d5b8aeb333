using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Folder;

/// <summary>Work begins with the first input where no later one can be in its way; and it says why where it has done nothing.</summary>
public sealed class StreamingTests : IDisposable
{
    /// <summary>Files as they come, and a note when each is handed in.</summary>
    private const string Files = "$global:log = [System.Collections.Generic.List[string]]::new(); 'a', 'b', 'c' | ForEach-Object { $log.Add(\"in $_\"); Get-Item \"$_.safetensors\" }";

    private const string Note = "ForEach-Object { $log.Add(\"out $($_.Name[0])\") }";

    private readonly Bench _bench = new();

    public StreamingTests()
    {
        foreach (string name in new[] { "a", "b", "c" })
            _bench.AddLora($"{name}.safetensors", name[0]);
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("-SkipExisting")]
    [InlineData("-Layer *")]
    public void Each_result_comes_before_the_next_file_is_asked_for(string options)
    {
        _bench.RunClean($"{Files} | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' {options} | {Note}");

        Assert.Equal(["in a", "out a", "in b", "out b", "in c", "out c"], _bench.RunClean("$log").OutputAs<string>());
    }

    [Theory]
    [InlineData("-Destination out")]
    [InlineData("-Force")]
    [InlineData("-OutFile '{folder}/{name}-small.safetensors'")]
    public void Where_outputs_could_meet_all_files_are_known_first(string options)
    {
        _bench.RunClean($"{Files} | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' {options} | {Note}");

        Assert.Equal(["in a", "in b", "in c", "out a", "out b", "out c"], _bench.RunClean("$log").OutputAs<string>());
    }

    [Fact]
    public void Variable_of_the_pipeline_is_the_file_that_the_result_is_of() =>
        Assert.Equal(
            ["a.safetensors", "b.safetensors", "c.safetensors"],
            _bench.RunClean("Get-ChildItem ?.safetensors -PipelineVariable file | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' | ForEach-Object { $file.Name }").OutputAs<string>());

    [Fact]
    public void What_the_call_has_written_itself_is_passed_over_silently()
    {
        // A folder that is listed while the work goes on hands in the outputs too.
        RunResult result = _bench.RunClean("'a', 'b' | ForEach-Object { Get-Item \"$_.safetensors\"; Get-ChildItem \"$_*_th*.safetensors\" } | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'");

        Assert.Equal(["a_spnlora1_th-0.3.safetensors", "b_spnlora1_th-0.3.safetensors"], result.OutputAs<ResizeResult>().Select(item => item.Name));
    }

    [Fact]
    public void Same_file_twice_is_resized_once() =>
        Assert.Single(_bench.RunClean("Get-Item a.safetensors, a.safetensors | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'").Output);

    [Fact]
    public void A_pipeline_that_is_stopped_leaves_no_file_open_and_keeps_the_norms()
    {
        _bench.AddCheckpoint();

        // As Select-Object -First does, which the engine package lacks.
        _bench.RunClean($"foreach ($once in 1) {{ {Files} | Invoke-LoraResize -Checkpoint base.safetensors | ForEach-Object {{ break }} }}");

        Assert.Equal(["in a"], _bench.RunClean("$log").OutputAs<string>());
        foreach (string name in new[] { "a.safetensors", "base.safetensors" })
            File.Open(_bench.PathOf(name), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        Assert.Equal(4, _bench.RunClean("Get-SpectralNormCache").Only<NormCacheEntry>().LayerCount);
    }

    [Fact]
    public void Bar_of_files_has_no_length_where_more_may_come()
    {
        string[] progress = Texts(_bench.RunClean($"{Files} | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'"));

        Assert.Contains("File 3", progress);
        Assert.DoesNotContain(progress, text => text.StartsWith("File ", StringComparison.Ordinal) && text.Contains("of", StringComparison.Ordinal));
        Assert.Contains("File 3 of 3", Texts(_bench.RunClean($"{Files} | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3' -Destination out")));
    }

    [Theory]
    [InlineData("@() | Invoke-LoraResize", "no LoRA came through the pipeline")]
    [InlineData("@() | Get-LoraSpectrum", "no LoRA came through the pipeline")]
    [InlineData("@() | Get-LoraInfo", "no LoRA came through the pipeline")]
    [InlineData("Get-ChildItem nix* | Get-LoraSpectrum", "no LoRA came through the pipeline")]
    [InlineData("Get-Item folder | Get-LoraInfo", "only folders came through the pipeline")]
    [InlineData("Get-Item folder | Get-LoraSpectrum", "only folders came through the pipeline")]
    [InlineData("Get-LoraSpectrum a.safetensors -Layer nothing* -WarningAction SilentlyContinue | Invoke-LoraResize", "no LoRA came through the pipeline")]
    [InlineData("Get-Item folder | Invoke-LoraResize", "only folders came through the pipeline")]
    [InlineData("Get-Item folder, a.txt | Invoke-LoraResize", "none of the inputs is named like a LoRA, such as")]
    [InlineData("Get-Item folder, a.pt | Get-LoraInfo", "Skipped 1 file not in the safetensors format")]
    [InlineData("Invoke-LoraResize a.safetensors -Checkpoint a.safetensors", "is the checkpoint")]
    [InlineData("Invoke-LoraResize a.safetensors -Checkpoint a.safetensors -SkipExisting", "is the checkpoint")]
    [InlineData("Get-Item a.safetensors | Invoke-LoraResize -Checkpoint a.safetensors -Destination out", "is the checkpoint")]
    [InlineData("Get-LoraSpectrum base.safetensors -Checkpoint base.safetensors", "is the checkpoint")]
    [InlineData("Get-LoraSpectrum a.safetensors -Layer nothing*", "matches 'nothing*'")]
    [InlineData("Invoke-LoraResize a.safetensors -Recipe 'spn_lora=1,thr=-1' -Layer nothing*", "matches 'nothing*'")]
    [InlineData("Get-LoraSpectrum a.safetensors | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-1' -Layer nothing*", "matches 'nothing*'")]
    [InlineData("Get-LoraSpectrum a.safetensors | Get-LoraSpectrum -Layer nothing*", "matches 'nothing*'")]
    public void A_call_that_does_nothing_says_why(string script, string reason)
    {
        Directory.CreateDirectory(_bench.PathOf("folder"));
        _bench.AddText("a.txt", "notes");
        _bench.AddText("a.pt", "weights");
        _bench.AddCheckpoint();
        IReadOnlyList<string> before = _bench.Listing();

        RunResult result = _bench.Run(script);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
        Assert.Contains(reason, Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal(before, _bench.Listing());
    }

    private static string[] Texts(RunResult result) => [.. result.Progress.Select(record => record.StatusDescription)];
}
