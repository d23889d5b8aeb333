using System.Management.Automation;
using ResizeLora.Info;

namespace ResizeLora.Commands;

/// <summary>Tells what LoRA files are, by their headers alone.</summary>
[Cmdlet(VerbsCommon.Get, "LoraInfo", DefaultParameterSetName = PathSet, HelpUri = HelpPage.Folder + "Get-LoraInfo.md")]
[OutputType(typeof(LoraInfo))]
public sealed class GetLoraInfoCommand : PathCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        foreach (string path in ResolveFiles())
        {
            ForEachItem(path, () =>
            {
                Stop.ThrowIfCancellationRequested();
                WriteObject(LoraInspector.Read(path));
            });
        }
    }
}
