using System.Globalization;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>
/// Ctrl+C while libtorch is being loaded, which itself can't be stopped: the call ends, and the next finds libtorch there. That it
/// does not wait for the loading, BackgroundMakerTests show.
/// </summary>
public sealed class StopWhileLoadingTests : IDisposable
{
    // The call has a runspace of its own, so that the script can stop it as soon as the engine's assembly is there and
    // its libraries are on their way.
    private const string Script = """
        param($Manifest, $Lora)
        $runspace = [runspacefactory]::CreateRunspace([initialsessionstate]::CreateDefault2())
        $runspace.Open()
        $shell = [powershell]::Create()
        $shell.Runspace = $runspace
        $null = $shell.AddCommand('Import-Module').AddArgument($Manifest).Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddCommand('Get-LoraSpectrum').AddArgument($Lora)
        $run = $shell.BeginInvoke()
        while (-not [System.AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq 'ResizeLora.Torch' })) { [System.Threading.Thread]::Sleep(1) }
        $shell.Stop()
        "$($shell.InvocationStateInfo.State)"
        $shell.Invoke().Count
        """;

    private readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void The_call_ends_and_the_next_one_works()
    {
        string lora = SampleModel.Lora().Write(Path.Combine(_shell.Folder, "style.safetensors"));
        ShellOutcome outcome = _shell.RunScript(Script, BuiltModule.Manifest, lora);
        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        Assert.Equal("Stopped", outcome.OutputLines[0]);
        Assert.Equal(SampleModel.LayerNames.Count.ToString(CultureInfo.InvariantCulture), outcome.OutputLines[1]);
    }
}
