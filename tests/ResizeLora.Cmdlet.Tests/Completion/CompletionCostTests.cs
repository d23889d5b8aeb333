using ResizeLora.Cmdlet.Tests.Shell;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Completion;

/// <summary>Somebody waits while Tab is pressed: what is allocated says how much is done, on any machine.</summary>
public sealed class CompletionCostTests
{
    private const int Layers = 2000;

    [Theory]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,|", 1 << 20)]
    [InlineData("Invoke-LoraResize -Checkpoint |", 1 << 20)]
    [InlineData("Get-LoraSpectrum large.safetensors -Layer lora|", Layers * 20_000)]
    [InlineData("Get-LoraSpectrum -Device |", 1 << 20)]
    public void Costs_little_after_the_first_time(string line, long most)
    {
        using var bench = new CompletionBench();
        var file = new SampleFile();
        var random = new Random(1);
        foreach (int index in Enumerable.Range(0, Layers))
            file.AddLora($"lora_unet_{index}", 2, 2, 1, random, 1);
        file.Write(bench.PathOf("large.safetensors"));
        Assert.NotEmpty(bench.Complete(line));

        // The least of some, as other threads of the runtime allocate too.
        long bytes = Enumerable.Range(0, 5).Min(_ =>
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            bench.Complete(line);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        });

        Assert.True(bytes < most, $"{bytes} bytes were allocated");
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
