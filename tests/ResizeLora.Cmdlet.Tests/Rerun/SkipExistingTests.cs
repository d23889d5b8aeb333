using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Shell;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Rerun;

/// <summary>A scheduled job can be run again: what is done is not done twice, and nothing else is taken for done.</summary>
public sealed class SkipExistingTests : IDisposable
{
    private const string Job = "Get-ChildItem *.safetensors | Invoke-LoraResize -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2:spn_lora=1,size=0.006' -Destination out -SkipExisting -Verbose";

    private readonly Bench _bench = new();

    public SkipExistingTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
        _bench.AddLora("other.safetensors", seed: 5);
    }

    [Theory]
    [InlineData("-Destination out")]
    [InlineData("-OutFile out/small.safetensors")]
    [InlineData("-OutFile '{folder}/out/small.safetensors'")]
    [InlineData("-OutFile small.safetensors")]
    public void Where_everything_is_done_nothing_is_tried_in_the_folder(string output)
    {
        ResizeResult made = _bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe '{Bench.ByItself}' {output}").Only<ResizeResult>();
        string folder = Path.GetDirectoryName(made.Path)!;
        var longAgo = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Directory.SetLastWriteTimeUtc(folder, longAgo);

        foreach (string source in new[] { "Get-Item style.safetensors", "Get-LoraSpectrum style.safetensors" })
            Assert.Empty(_bench.RunClean($"{source} | Invoke-LoraResize -Recipe '{Bench.ByItself}' {output} -SkipExisting").Output);

        // Whoever tries whether a folder can be written to leaves the time in it; where it can't, that is an error.
        Assert.Equal(longAgo, Directory.GetLastWriteTimeUtc(folder));
    }

    [Fact]
    public void Second_run_writes_nothing_and_is_no_error()
    {
        Assert.Equal(4, _bench.RunClean(Job).Output.Count);
        IReadOnlyList<string> before = _bench.Listing();

        RunResult second = _bench.RunClean(Job);

        Assert.Empty(second.Output);
        Assert.Equal(4, second.Verbose.Count(message => message.EndsWith("skipped.", StringComparison.Ordinal) && message.Contains("same recipe", StringComparison.Ordinal)));
        Assert.Equal(before, _bench.Listing());
    }

    [Fact]
    public void Outputs_beside_the_inputs_are_passed_over_quietly()
    {
        const string job = "Get-ChildItem *.safetensors | Invoke-LoraResize -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' -Verbose";
        Assert.Equal(2, _bench.RunClean($"{job} -SkipExisting").Output.Count);

        RunResult second = _bench.RunClean($"{job} -SkipExisting");

        Assert.Empty(second.Output);
        Assert.Contains(second.Verbose, message => message.StartsWith("Skipped 2 files made by an earlier run", StringComparison.Ordinal));
        Assert.StartsWith("Skipped 2 files made by an earlier run, such as '", Assert.Single(_bench.Run($"{job} -Force").Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void With_Force_what_is_the_same_is_skipped_and_what_is_different_is_replaced()
    {
        const string job = "Invoke-LoraResize style.safetensors -OutFile small.safetensors -SkipExisting -Force -Recipe";
        _bench.RunClean($"{job} 'spn_lora=1,thr=-0.3'");
        string before = Bench.Hash(_bench.PathOf("small.safetensors"));

        Assert.Empty(_bench.RunClean($"{job} 'spn_lora=1,thr=-0.3'").Output);
        Assert.Single(_bench.RunClean($"{job} 'spn_lora=1,thr=-0.1'").Output);

        Assert.NotEqual(before, Bench.Hash(_bench.PathOf("small.safetensors")));
    }

    [Fact]
    public void Only_what_is_missing_is_made()
    {
        _bench.RunClean(Job);
        string missing = _bench.PathOf("out/style_spnckpt1_th-1.2.safetensors");
        File.Delete(missing);

        Assert.Equal(missing, _bench.RunClean(Job).Only<ResizeResult>().Path);
    }

    [Fact]
    public void Output_of_another_input_of_that_name_is_not_taken_for_done()
    {
        _bench.RunClean(Job);
        _bench.AddLora(seed: 9);

        RunResult again = _bench.Run(Job);

        Assert.Contains(again.Errors, error => error.FullyQualifiedErrorId.StartsWith("OutputExists,", StringComparison.Ordinal) && error.CategoryInfo.Category == ErrorCategory.ResourceExists);
        Assert.Equal(2, _bench.Run(Job + " -Force").Output.Count);
    }

    [Theory]
    [InlineData("-Precision Float32", "style_spnlora1_fp32_th-0.3.safetensors")]
    [InlineData("-Precision bf16", "style_spnlora1_bf16_th-0.3.safetensors")]
    [InlineData("-Layer *te1*", "style_spnlora1_layerse17df81b_th-0.3.safetensors")]
    [InlineData("-MaxRank 4", "style_spnlora1_maxrank4_th-0.3.safetensors")]
    public void Output_with_another_option_is_not_taken_for_done_and_has_another_name(string option, string name)
    {
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3'");

        Assert.Equal(name, _bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -SkipExisting {option}").Only<ResizeResult>().Name);
        Assert.Empty(_bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -SkipExisting {option}").Output);
    }

    [Theory]
    [InlineData("-Precision fp32", "precision 'Float16'")]
    [InlineData("-Layer *te1*", "other layers")]
    [InlineData("-MaxRank 4", "rank limits not given")]
    [InlineData("-Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1'", "recipe 'spn_lora=1,thr=-0.3'")]
    public void What_was_made_otherwise_is_an_error_that_says_how(string option, string difference)
    {
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -OutFile small.safetensors");
        string recipe = option.Contains("-Recipe", StringComparison.Ordinal) ? string.Empty : "-Recipe 'spn_lora=1,thr=-0.3'";

        _bench.RunFailing($"Invoke-LoraResize style.safetensors {recipe} -OutFile small.safetensors -SkipExisting {option}")
            .Is("OutputExists", ErrorCategory.ResourceExists)
            .LetsTheCallGoOn()
            .Mentions(_bench.PathOf("small.safetensors"), "already exists but was made with other settings", difference, "-Force");
    }

    [Fact]
    public void Another_input_is_named_too()
    {
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -OutFile small.safetensors");

        _bench.RunFailing("Invoke-LoraResize other.safetensors -Recipe 'spn_lora=1,thr=-0.3' -OutFile small.safetensors -SkipExisting").Mentions("another input");
    }

    [Theory]
    [InlineData("style_spnlora1_th-1.23.safetensors", "spn_lora=1,thr=-1.23456", "")]
    [InlineData("style_spnlora1_th-0.3.safetensors", "spn_lora=1,thr=-0.3", "-Precision Float32")]
    [InlineData("style_anything at all.safetensors", "spn_lora=1,size=0.006", "")]
    public void Outputs_by_their_former_names_are_known(string name, string recipe, string options)
    {
        string path = _bench.Run($"Invoke-LoraResize style.safetensors -Recipe $args[0] {options}", recipe).Only<ResizeResult>().Path;
        File.Move(path, _bench.PathOf(name));

        Assert.Empty(_bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe $args[0] {options} -SkipExisting", recipe).Output);
    }

    [Fact]
    public void Output_that_was_named_is_known_by_that_name_only()
    {
        const string job = "Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -SkipExisting -OutFile";
        Assert.Single(_bench.RunClean($"{job} small.safetensors").Output);
        Assert.Empty(_bench.RunClean($"{job} small.safetensors").Output);
        File.Copy(_bench.PathOf("small.safetensors"), _bench.PathOf("small.safetensors.bak"));
        File.Delete(_bench.PathOf("small.safetensors"));

        Assert.Single(_bench.RunClean($"{job} small.safetensors").Output);
        Assert.Single(_bench.RunClean($"{job} smaller.safetensors").Output);
    }

    [Fact]
    public void All_done_is_said_in_the_verbose_stream_only() =>
        Assert.Single(_bench.RunClean("@() | Invoke-LoraResize -SkipExisting -Verbose").Verbose, message => message.StartsWith("Nothing was done:", StringComparison.Ordinal));

    [Theory]
    [InlineData("")]
    [InlineData("-NoCache")]
    public void Output_against_another_checkpoint_is_not_taken_for_done(string cache)
    {
        _bench.RunClean($"Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' {cache}");
        _bench.AddCheckpoint("base2.safetensors", seed: 7);

        Assert.Single(_bench.Run($"Invoke-LoraResize style.safetensors -Checkpoint base2.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' -SkipExisting {cache}").Errors);
    }

    [Theory]
    [InlineData("", "-NoCache")]
    [InlineData("-NoCache", "")]
    public void What_is_done_is_known_with_and_without_a_cache(string first, string second)
    {
        const string job = "Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' -SkipExisting";
        Assert.Single(_bench.RunClean($"{job} {first}").Output);

        Assert.Empty(_bench.RunClean($"{job} {second}").Output);
    }

    [Fact]
    public void Layers_that_were_piped_are_skipped_too()
    {
        const string piped = "Get-LoraSpectrum style.safetensors | New-ResizeRecipe 'spn_lora=1,thr=-0.3' | Invoke-LoraResize -SkipExisting";
        Assert.Single(_bench.RunClean(piped).Output);

        Assert.Empty(_bench.RunClean(piped).Output);
    }

    [Fact]
    public void Output_of_some_layers_is_not_taken_for_one_of_all()
    {
        _bench.RunClean("Get-LoraSpectrum style.safetensors | Where-Object Component -eq Unet | New-ResizeRecipe 'spn_lora=1,thr=-0.3' | Invoke-LoraResize");

        Assert.Equal("style_spnlora1_th-0.3.safetensors", _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -SkipExisting").Only<ResizeResult>().Name);
    }

    [Fact]
    public void Output_without_unmatched_layers_is_not_taken_for_one_with_them()
    {
        const string job = "Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -SkipExisting";
        Assert.Equal("style_spnckpt1_unmatcheddrop_th-1.2.safetensors", _bench.RunClean($"{job} -UnmatchedLayer Drop").Only<ResizeResult>().Name);

        Assert.Equal("style_spnckpt1_th-1.2.safetensors", _bench.RunClean(job).Only<ResizeResult>().Name);
    }

    [Fact]
    public void A_file_of_the_right_name_that_says_nothing_of_itself_is_not_taken_for_done()
    {
        _bench.AddLora("style_spnlora1_th-0.3.safetensors", seed: 3);

        Assert.Single(_bench.Run("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -SkipExisting").Errors);
    }

    [Fact]
    public void A_run_that_finds_all_done_never_loads_libtorch()
    {
        _bench.RunClean(Job);
        using var shell = new ShellProcess();

        ShellOutcome outcome = shell.RunScript($"""
            $env:RESIZELORA_CACHE = '{_bench.Cache}'
            Set-Location -LiteralPath '{_bench.Folder}'
            {Job.Replace(" -Verbose", string.Empty, StringComparison.Ordinal)}
            [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object FullName -like 'TorchSharp*' | ForEach-Object FullName
            'done'
            """);

        Assert.Equal(["done"], outcome.OutputLines);
        Assert.Equal(0, outcome.ExitCode);
    }

    public void Dispose() => _bench.Dispose();
}
