using System.Globalization;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>Ctrl+C while libtorch is being loaded, which itself can't be stopped: the call ends, and the next finds libtorch there.</summary>
public sealed class StopWhileLoadingTests : IDisposable
{
    // The engine has a runspace of its own, so that the script can stop it.
    private const string Script = """
        param($Manifest, $Wait)
        $shell = [powershell]::Create()
        $null = $shell.AddScript('param($Manifest) Import-Module $Manifest; Set-Location -LiteralPath $args[0]').AddArgument($Manifest).AddArgument($PWD.Path).Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddScript('Get-LoraSpectrum style.safetensors')
        $run = $shell.BeginInvoke()
        [System.Threading.Thread]::Sleep([int]$Wait)
        $loading = [System.AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq 'ResizeLora.Torch' }).Count
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        "$($watch.ElapsedMilliseconds) $loading $($shell.InvocationStateInfo.State)"
        $shell.Invoke().Count
        """;

    private readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(200)]
    [InlineData(400)]
    public void The_call_ends_at_once_and_the_next_one_works(int milliseconds)
    {
        SampleModel.Lora().Write(Path.Combine(_shell.Folder, "style.safetensors"));
        ShellOutcome outcome = _shell.RunScript(Script, BuiltModule.Manifest, milliseconds.ToString(CultureInfo.InvariantCulture));
        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        string[] words = outcome.OutputLines[0].Split(' ');
        Assert.InRange(int.Parse(words[0], CultureInfo.InvariantCulture), 0, 2000);
        Assert.Equal(SampleModel.LayerNames.Count.ToString(CultureInfo.InvariantCulture), outcome.OutputLines[1]);
    }
}
