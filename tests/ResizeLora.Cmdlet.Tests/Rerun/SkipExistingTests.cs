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
    [InlineData("-Precision Float32")]
    [InlineData("-Precision BFloat16")]
    public void Output_in_another_precision_is_not_taken_for_done(string precision)
    {
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3'");

        Assert.Single(_bench.Run($"Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -SkipExisting {precision}").Errors);
    }

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

        Assert.Single(_bench.Run("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -SkipExisting").Errors);
    }

    [Fact]
    public void Output_without_unmatched_layers_is_not_taken_for_one_with_them()
    {
        const string job = "Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -SkipExisting";
        Assert.Single(_bench.RunClean($"{job} -UnmatchedLayer Drop").Output);

        Assert.Single(_bench.Run(job).Errors);
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
