using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsData.Out, "String")]
internal sealed class OutStringCommand : FrontEndCommandBase
{
    private readonly StringWriter _text = new();

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = 120;

    /// <summary>One string per line, not one for all.</summary>
    [Parameter]
    public SwitchParameter Stream { get; set; }

    protected override void BeginProcessing()
    {
        EngineInternals.UseWriter(this, _text, Width);
        base.BeginProcessing();
    }

    protected override void EndProcessing()
    {
        base.EndProcessing();
        string text = _text.ToString();
        if (!Stream)
        {
            WriteObject(text);
            return;
        }

        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        WriteObject(lines.AsSpan(0, lines.Length - 1).ToArray(), enumerateCollection: true);
    }
}
