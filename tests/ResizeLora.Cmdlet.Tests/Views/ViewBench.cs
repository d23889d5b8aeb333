using System.Management.Automation;
using System.Management.Automation.Internal;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>Prints objects of the module as a console of some width does.</summary>
public sealed class ViewBench : IDisposable
{
    private readonly Bench _bench = new();

    public ViewBench()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
        _bench.RunClean("""
            $layers = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors
            $results = $layers | New-ResizeRecipe 'spn_ckpt=1,thr=-1.2' | Invoke-LoraResize -Destination out
            """);
    }

    public string Folder => _bench.Folder;

    /// <summary>One object of each type that has views.</summary>
    public IReadOnlyList<PSObject> Samples => _bench.RunClean("$layers[0]; $results[0]; New-ResizeRecipe 'spn_ckpt=1,thr=-1'; Get-SpectralNormCache; Get-LoraInfo style.safetensors; (Compare-Lora style.safetensors $results[0].Path)[0]; (Compare-Lora style.safetensors $results[0].Path -Summary)[-1]").Output;

    /// <summary>The lines that a script prints, without colours, and without empty ones.</summary>
    public string[] Print(string script, int width) =>
    [
        .. _bench.RunClean($"{script} | Out-String -Width $args[0] -Stream", width).OutputAs<string>()
            .Select(line => new StringDecorated(line).ToString(OutputRendering.PlainText).TrimEnd())
            .Where(line => line.Length > 0),
    ];

    /// <summary>The one object that a script gives.</summary>
    public PSObject Only(string script) => Assert.Single(_bench.RunClean(script).Output);

    /// <summary>What a script gives, as one text.</summary>
    public string Text(string script) => _bench.RunClean(script).Only<string>();

    public void Dispose() => _bench.Dispose();
}
