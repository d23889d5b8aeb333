using System.Management.Automation;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsCommon.New, "Item", SupportsShouldProcess = true)]
internal sealed class NewItemCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public string[] Path { get; set; } = [];

    [Parameter]
    public string ItemType { get; set; } = "File";

    [Parameter]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            try
            {
                if (ShouldProcess(path))
                {
                    WriteObject(InvokeProvider.Item.New([path], null, ItemType, Value, Force), enumerateCollection: true);
                }
            }
            catch (Exception exception) when (exception is IContainsErrorRecord and not PipelineStoppedException)
            {
                WriteError(((IContainsErrorRecord)exception).ErrorRecord);
            }
        }
    }
}
