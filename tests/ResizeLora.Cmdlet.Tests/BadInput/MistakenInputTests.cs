using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>What is surely a mistake is one error that says what to do.</summary>
public sealed class MistakenInputTests : IDisposable
{
    private readonly Bench _bench = new();

    public MistakenInputTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Get-LoraSpectrum style.safetensors | Format-Table | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'")]
    [InlineData("Get-LoraSpectrum style.safetensors | Format-List | Get-LoraSpectrum")]
    [InlineData("Get-LoraSpectrum style.safetensors | Format-Table | New-ResizeRecipe 'spn_lora=1,thr=-0.3'")]
    public void Formatted_output_is_one_error(string script) =>
        _bench.RunFailing(script).Is("InputIsNotLora", ErrorCategory.InvalidArgument).EndsTheCall().Mentions("Format-Table");

    [Theory]
    [InlineData("@{ spn_lora = 1; thr = -0.3 }, @{ spn_lora = 1; thr = -0.2 } | Invoke-LoraResize")]
    [InlineData("@{ spn_lora = 1; thr = -0.3 } | Get-LoraSpectrum")]
    public void A_hashtable_is_one_error(string script) =>
        _bench.RunFailing(script).Is("InputIsNotLora", ErrorCategory.InvalidArgument).EndsTheCall().Mentions("hashtable", "-Recipe");

    [Fact]
    public void A_wildcard_that_means_one_checkpoint_will_do()
    {
        Assert.Single(_bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base*").Output);

        _bench.AddCheckpoint("base2.safetensors", 5);
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint base*").Is("SeveralCheckpoints", ErrorCategory.InvalidArgument).EndsTheCall().Mentions("matches 2 files", "base2.safetensors");
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint none*").Is("FileNotFound", ErrorCategory.ObjectNotFound).EndsTheCall().Mentions("No file matches 'none*'");
    }

    [Fact]
    public void A_hash_where_a_checkpoint_belongs_gets_the_hint() =>
        _bench.RunFailing("Clear-SpectralNormCache 6030ee21bc16").Is("FileNotFound", ErrorCategory.ObjectNotFound).Mentions("use -Sha256 6030ee21bc16");

    [Theory]
    [InlineData("Get-ChildItem -File | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'")]
    [InlineData("Get-ChildItem -File | Get-LoraInfo")]
    [InlineData("Get-ChildItem -File | Get-LoraSpectrum")]
    [InlineData("Invoke-LoraResize style* -Recipe 'spn_lora=1,thr=-0.3'")]
    [InlineData("Get-LoraInfo style*")]
    public void Side_files_are_passed_over(string script)
    {
        File.Delete(_bench.PathOf("base.safetensors"));
        foreach (string name in new[] { "style.civitai.info", "style.preview.png", "style.csv", "style.txt", "style.json", "style.safetensors.bak" })
            _bench.AddText(name, "{}");

        Assert.NotEmpty(_bench.RunClean(script).Output);
    }

    [Fact]
    public void Files_in_other_formats_are_passed_over_with_one_warning()
    {
        _bench.AddText("a.pt", "x");
        _bench.AddText("b.ckpt", "x");

        RunResult result = _bench.Run("Get-ChildItem -File | Get-LoraInfo -ErrorAction Ignore");

        Assert.StartsWith("Skipped 2 files not in the safetensors format, such as '", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("style.txt", "it is text")]
    [InlineData("style.json", "it is JSON text")]
    public void A_side_file_that_is_named_outright_is_an_error_without_advice_on_downloads(string name, string kind)
    {
        _bench.AddText(name, name.EndsWith("json", StringComparison.Ordinal) ? "{}" : "notes");

        ExpectedError error = _bench.RunFailing($"Get-LoraInfo {name}").Is("InvalidSafetensors", ErrorCategory.InvalidData).Mentions(kind, "Name the model");
        Assert.DoesNotContain("download", error.Record.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_side_files_are_said() =>
        Assert.Contains("none of the inputs is named like a LoRA", Assert.Single(_bench.Run("$null = New-Item a.csv; Get-Item a.csv | Get-LoraInfo").Warnings), StringComparison.Ordinal);
}
