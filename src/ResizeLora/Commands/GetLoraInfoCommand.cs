using System.Management.Automation;
using ResizeLora.Errors;
using ResizeLora.Info;
using ResizeLora.Safetensors;

namespace ResizeLora.Commands;

/// <summary>Tells what LoRA files are, by their headers alone.</summary>
[Cmdlet(VerbsCommon.Get, "LoraInfo", DefaultParameterSetName = PathSet)]
[OutputType(typeof(LoraInfo))]
public sealed class GetLoraInfoCommand : PathCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in ResolveFiles())
        {
            ThrowIfStopped();
            try
            {
                WriteObject(LoraInspector.Read(path));
            }
            catch (ResizeLoraException exception)
            {
                WriteError(exception.ToErrorRecord());
            }
            catch (OutOfMemoryException exception)
            {
                WriteError(SafetensorsFault.OutOfMemory(path, exception).ToErrorRecord());
            }
        }
    }
}
