using System.Collections.ObjectModel;
using System.Management.Automation;
using ResizeLora.Completion;
using ResizeLora.Errors;

namespace ResizeLora.Commands;

/// <summary>What all cmdlets share that take files: <c>-Path</c> with wildcards and <c>-LiteralPath</c>.</summary>
public abstract class PathCommand : StoppableCommand
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";

    /// <summary>Files, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsFileCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files, taken literally.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    [ArgumentCompleter(typeof(LiteralSafetensorsFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The files of this pipeline record; each that can't be found is an error record.</summary>
    private protected IEnumerable<string> ResolveFiles()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string path in literal ? LiteralPath : Path)
        {
            foreach (string file in literal ? ResolveLiteral(path) : ResolveWildcard(path))
                yield return file;
        }
    }

    private List<string> ResolveLiteral(string path)
    {
        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            if (IsFileSystem(provider))
                return [resolved];

            WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
        }
        catch (SessionStateException exception)
        {
            WriteError(ErrorRecords.PathNotFound(path, exception));
        }

        return [];
    }

    private List<string> ResolveWildcard(string path)
    {
        try
        {
            Collection<string> resolved = SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            if (!IsFileSystem(provider))
            {
                WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
                return [];
            }

            // A wildcard means files; a folder that is named outright is a mistake, and said so when it is opened.
            bool hasWildcard = WildcardPattern.ContainsWildcardCharacters(path);
            List<string> files = [.. resolved.Where(file => !hasWildcard || !Directory.Exists(file))];
            if (files.Count == 0)
                WriteError(ErrorRecords.PathNotFound(path, null));
            return files;
        }
        catch (SessionStateException exception)
        {
            WriteError(ErrorRecords.PathNotFound(path, exception));
            return [];
        }
    }
}
