using ResizeLora.Cmdlet.Tests.Shell;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Loading;

/// <summary>What the module loads, seen from a process of its own.</summary>
public sealed class LoadedAssemblyTests : IDisposable
{
    private const string List = "[AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName().Name }";

    private readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Import_loads_two_small_assemblies_and_no_torch()
    {
        string[] loaded = Loaded("$null = New-ResizeRecipe 'spn_lora,thr=-1'; $null = Get-SpectralNormCache");

        Assert.Contains("ResizeLora", loaded);
        Assert.Contains("ResizeLora.Core", loaded);
        Assert.DoesNotContain("ResizeLora.Torch", loaded);
        Assert.DoesNotContain("TorchSharp", loaded);
    }

    [Theory]
    [InlineData("SkiaSharp")]
    [InlineData("Google.Protobuf")]
    [InlineData("ICSharpCode.SharpZipLib")]
    public void Use_loads_nothing_that_is_not_needed(string assembly)
    {
        SampleModel.Checkpoint().Write(Path.Combine(_shell.Folder, "base.safetensors"));
        SampleModel.Lora().Write(Path.Combine(_shell.Folder, "style.safetensors"));

        string[] loaded = Loaded("""
            $null = Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,subspace=0.5,thr=-1.2' -ErrorAction Stop
            if (-not [IO.File]::Exists('style_spnckpt0.67_subspace0.33_th-1.2.safetensors')) { throw 'nothing was written' }
            """);

        Assert.Contains("TorchSharp", loaded);
        Assert.DoesNotContain(assembly, loaded);
    }

    private string[] Loaded(string script)
    {
        ShellOutcome outcome = _shell.RunScript($"$env:RESIZELORA_CACHE = [IO.Path]::GetFullPath('cache')\n{script}\n{List}");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
