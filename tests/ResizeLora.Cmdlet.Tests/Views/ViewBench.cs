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

    /// <summary>The lines that a script prints, without colours and empty ones.</summary>
    public string[] Print(string script, int width) =>
    [
        .. _bench.RunClean($"$PSStyle.OutputRendering = 'PlainText'; {script} | Out-String -Width $args[0] -Stream", width).OutputAs<string>()
            .Select(line => line.TrimEnd())
            .Where(line => line.Length > 0),
    ];

    /// <summary>The lines as a console with all its signs gets them; colours are taken out.</summary>
    public string[] PrintRich(string script, int width) =>
    [
        .. _bench.RunClean($"$PSStyle.OutputRendering = 'Ansi'; {script} | Out-String -Width $args[0] -Stream", width).OutputAs<string>()
            .Select(line => new System.Management.Automation.Internal.StringDecorated(line).ToString(System.Management.Automation.OutputRendering.PlainText).TrimEnd())
            .Where(line => line.Length > 0),
    ];

    /// <summary>What a script gives, as one text.</summary>
    public string Text(string script) => _bench.RunClean(script).Only<string>();

    public void Dispose() => _bench.Dispose();
}
