using System.Management.Automation;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsCommon.Get, "Content", DefaultParameterSetName = "Path")]
internal sealed class GetContentCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Raw { get; set; }

    protected override void Process(string path)
    {
        foreach (string file in FilesOf(path))
        {
            try
            {
                WriteObject(Raw ? File.ReadAllText(file) : File.ReadLines(file), enumerateCollection: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                WriteError(new ErrorRecord(exception, "ContentNotRead", ErrorCategory.ReadError, file));
            }
        }
    }
}
