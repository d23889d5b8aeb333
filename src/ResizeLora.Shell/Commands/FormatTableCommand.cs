using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsCommon.Format, "Table")]
internal sealed class FormatTableCommand : OuterFormatTableBase
{
    public FormatTableCommand() => EngineInternals.UseShape(this, "Table");
}
