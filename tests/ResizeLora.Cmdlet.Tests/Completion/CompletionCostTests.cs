using ResizeLora.Cmdlet.Tests.Shell;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;

namespace ResizeLora.Cmdlet.Tests.Completion;

/// <summary>Somebody waits while Tab is pressed.</summary>
public sealed class CompletionCostTests
{
    private const int Layers = 2000;

    [Theory]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,|")]
    [InlineData("Invoke-LoraResize -Checkpoint |")]
    [InlineData("Get-LoraSpectrum large.safetensors -Layer lora|")]
    [InlineData("Get-LoraSpectrum -Device |")]
    public void Takes_less_than_a_tenth_of_a_second_after_the_first_time(string line)
    {
        using var bench = new CompletionBench();
        var file = new SampleFile();
        var random = new Random(1);
        foreach (int index in Enumerable.Range(0, Layers))
            file.AddLora($"lora_unet_{index}", 2, 2, 1, random, 1);
        file.Write(bench.PathOf("large.safetensors"));
        Assert.NotEmpty(bench.Complete(line));

        // The best of some, as the runtime may compile meanwhile; processor time, as others may want the processors.
        TimeSpan best = Enumerable.Range(0, 10).Min(_ =>
        {
            TimeSpan begin = CostLimit.Now;
            bench.Complete(line);
            return CostLimit.Now - begin;
        });

        Assert.True(best < TimeSpan.FromMilliseconds(100), $"{best.TotalMilliseconds} ms");
    }

    [Fact]
    public void Loads_no_torch()
    {
        using var shell = new ShellProcess();
        SampleModel.Lora().Write(Path.Combine(shell.Folder, "style.safetensors"));

        ShellOutcome outcome = shell.RunScript("""
            foreach ($line in 'New-ResizeRecipe s', 'Get-LoraSpectrum style.safetensors -Layer ', 'Get-LoraSpectrum -Device ') {
                [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.Count
            }
            [AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName().Name }
            """);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        string[] lines = outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.DoesNotContain("0", lines[..3]);
        Assert.Contains("ResizeLora.Core", lines);
        Assert.DoesNotContain("ResizeLora.Torch", lines);
        Assert.DoesNotContain("TorchSharp", lines);
    }
}
