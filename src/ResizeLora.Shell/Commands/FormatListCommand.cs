using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsCommon.Format, "List")]
internal sealed class FormatListCommand : OuterFormatTableAndListBase
{
    public FormatListCommand() => EngineInternals.UseShape(this, "List");
}
