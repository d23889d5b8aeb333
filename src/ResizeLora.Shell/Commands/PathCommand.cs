using System.Management.Automation;

namespace ResizeLora.Shell.Commands;

/// <summary>A command on paths: with wildcards, or literal as objects in a pipeline carry them.</summary>
internal abstract class PathCommand : PSCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    [Parameter(Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = ["."];

    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    protected bool IsLiteral => ParameterSetName == LiteralPathSet;

    protected override void ProcessRecord()
    {
        foreach (string path in IsLiteral ? LiteralPath : Path)
        {
            try
            {
                Process(path);
            }
            catch (Exception exception) when (exception is IContainsErrorRecord and not PipelineStoppedException)
            {
                // One bad path does not end the work on the others.
                WriteError(((IContainsErrorRecord)exception).ErrorRecord);
            }
        }
    }

    protected abstract void Process(string path);

    /// <summary>The files that a path resolves to.</summary>
    protected IEnumerable<string> FilesOf(string path)
    {
        if (IsLiteral)
        {
            return [GetUnresolvedProviderPathFromPSPath(path)];
        }

        return GetResolvedProviderPathFromPSPath(path, out _);
    }
}
