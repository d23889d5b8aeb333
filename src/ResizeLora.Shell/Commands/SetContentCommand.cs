using System.Management.Automation;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsCommon.Set, "Content", SupportsShouldProcess = true)]
internal sealed class SetContentCommand : PSCmdlet
{
    private readonly List<string> _lines = [];

    [Parameter(Mandatory = true, Position = 0)]
    [Alias("LiteralPath", "PSPath", "LP")]
    public string Path { get; set; } = "";

    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [AllowEmptyString]
    public object[] Value { get; set; } = [];

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void ProcessRecord() => _lines.AddRange(Value.Select(value => LanguagePrimitives.ConvertTo<string>(value)));

    protected override void EndProcessing()
    {
        string file = GetUnresolvedProviderPathFromPSPath(Path);
        if (!ShouldProcess(file))
        {
            return;
        }

        try
        {
            string end = NoNewline ? "" : Environment.NewLine;
            File.WriteAllText(file, string.Concat(_lines.Select(line => line + end)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            WriteError(new ErrorRecord(exception, "ContentNotWritten", ErrorCategory.WriteError, file));
        }
    }
}
