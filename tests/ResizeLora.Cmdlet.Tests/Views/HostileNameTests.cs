using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>Names of layers, files and folders come from strangers, and do nothing to the console wherever they are shown.</summary>
public sealed class HostileNameTests : IDisposable
{
    /// <summary>Clears the screen, sets the window's title, turns the order of text round, and begins a line.</summary>
    private const string Hostile = "\u001b[2J\u001b]0;x\u0007\u202e\n_x";

    private const string Shown = "?[2J?]0;x???_x";

    private readonly RecordingHost _host = new(400);
    private readonly Bench _bench;

    public HostileNameTests() => _bench = new Bench(_host);

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Format-Table")]
    [InlineData("Format-List")]
    public void Of_a_layer(string format)
    {
        _bench.Add("hostile.safetensors", new SampleFile().AddLora($"lora_{Hostile}", 4, 3, 2, new Random(1)));

        Assert.Contains($"lora_{Shown}", Printed($"Get-LoraSpectrum hostile.safetensors | {format}"), StringComparison.Ordinal);
    }

    [UnixTheory]
    [InlineData("Get-LoraSpectrum -LiteralPath $lora -Checkpoint $base")]
    [InlineData("Get-LoraSpectrum -LiteralPath $lora -Checkpoint $base | Select-Object -First 1 | Format-List")]
    [InlineData("Compare-Lora $lora -LiteralDifferencePath $lora")]
    [InlineData("Compare-Lora $lora -LiteralDifferencePath $lora | Format-List")]
    [InlineData("Compare-Lora $lora -LiteralDifferencePath $lora -Summary -Checkpoint $base -Verbose")]
    [InlineData("Invoke-LoraResize -LiteralPath $lora -Checkpoint $base")]
    [InlineData("Invoke-LoraResize -LiteralPath $lora -Checkpoint $base | Format-List")]
    [InlineData("Invoke-LoraResize -LiteralPath $lora -Checkpoint $base -Destination $folder -WhatIf -PassThru")]
    [InlineData("Invoke-LoraResize -LiteralPath $lora -Checkpoint $base -Destination $folder -Confirm")]
    [InlineData("Invoke-LoraResize -LiteralPath $lora -Checkpoint $base -Verbose")]
    [InlineData("Get-LoraSpectrum -LiteralPath $lora, $base -Checkpoint $base -Verbose")]
    [InlineData("Get-ChildItem | Invoke-LoraResize -Checkpoint $base -Verbose")]
    [InlineData("Invoke-LoraResize -LiteralPath $base -Checkpoint $base")]
    [InlineData("Get-LoraSpectrum -LiteralPath $base -Checkpoint $base")]
    [InlineData("Get-LoraSpectrum -LiteralPath $lora -Layer none*")]
    [InlineData("$null = Get-LoraSpectrum -LiteralPath $lora -Checkpoint $base; Get-SpectralNormCache; Get-SpectralNormCache | Format-List; Clear-SpectralNormCache -Confirm -PassThru")]
    [InlineData("$null = Get-LoraSpectrum -LiteralPath $lora -Checkpoint $base; Clear-SpectralNormCache -WhatIf")]
    [InlineData("Clear-SpectralNormCache $base")]
    public void Of_a_file(string script)
    {
        _bench.AddCheckpoint($"base{Hostile}.safetensors");
        _bench.AddLora($"style{Hostile}.safetensors");
        Directory.CreateDirectory(_bench.PathOf($"folder{Hostile}"));

        string printed = Printed($"$base, $lora, $folder = @('base', 'style', 'folder').ForEach({{ (Get-ChildItem \"$_*\").FullName }}); {script}");

        Assert.Contains(Shown, printed, StringComparison.Ordinal);
    }

    [UnixTheory]
    [InlineData("Invoke-LoraResize -LiteralPath \"none$hostile.safetensors\" -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Invoke-LoraResize \"none$hostile.safetensors\" -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Invoke-LoraResize \"none$hostile*.safetensors\" -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint \"none$hostile.safetensors\"")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint \"none${hostile}:x\"")]
    [InlineData("Clear-SpectralNormCache \"none$hostile.safetensors\"")]
    [InlineData("Clear-SpectralNormCache -Sha256 \"none$hostile\"")]
    [InlineData("New-ResizeRecipe \"none$hostile\"")]
    [InlineData("Get-LoraSpectrum style.safetensors -Layer \"none$hostile\"")]
    [InlineData("Get-LoraSpectrum style.safetensors -Device \"none$hostile\"")]
    public void In_an_error(string script)
    {
        _bench.AddLora();
        // Resets a terminal; without brackets, which would be wildcards.
        _bench.Run("$hostile = $args[0]", "\u001bc\u202e");

        RunResult result = _bench.Run(script);

        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Contains("none?c?", $"{error}", StringComparison.Ordinal);
        Assert.DoesNotContain($"{error}{error.CategoryInfo}", character => char.IsControl(character) || character == '\u202e');
    }

    [UnixFact]
    public void In_a_progress_bar()
    {
        _bench.AddLora($"style{Hostile}.safetensors");

        RunResult result = _bench.Run("Get-ChildItem | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'");

        Assert.Contains(result.Progress, record => record.Activity.Contains(Shown, StringComparison.Ordinal));
        Assert.DoesNotContain(result.Progress, record => $"{record.Activity}{record.StatusDescription}{record.CurrentOperation}".Any(char.IsControl));
    }

    /// <summary>What a script prints on a console that does not hide escape sequences; nothing in it is obeyed.</summary>
    private string Printed(string script)
    {
        RunResult result = _bench.RunInConsole(script);

        Assert.Empty(result.Errors);
        string printed = string.Join('\n', [_host.Take(), .. result.Warnings, .. result.Verbose]);
        Assert.DoesNotContain(printed, character => char.IsControl(character) && character != '\n');
        Assert.DoesNotContain('\u202e', printed);
        Assert.DoesNotContain("\n_x", printed, StringComparison.Ordinal);
        return printed;
    }
}
