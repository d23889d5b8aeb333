using System.Management.Automation;
using ResizeLora.Info;
using ResizeLora.Pipeline;

namespace ResizeLora.Commands;

/// <summary>Describes LoRA files by their headers alone.</summary>
[Cmdlet(VerbsCommon.Get, "LoraInfo", DefaultParameterSetName = PathSet, HelpUri = HelpPage.Folder + "Get-LoraInfo.md")]
[OutputType(typeof(LoraInfo))]
public sealed class GetLoraInfoCommand : PathCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        Emit(ResolveFiles().SelectMany(path => EachFile.Results(path, Read(path), this)));
    }

    private IEnumerable<LoraInfo> Read(string path)
    {
        Stop.ThrowIfCancellationRequested();
        yield return LoraInspector.Read(path);
    }
}
