using System.Collections.ObjectModel;
using System.Management.Automation;
using ResizeLora.Completion;
using ResizeLora.Errors;

namespace ResizeLora.Commands;

/// <summary>What all cmdlets share that take files: <c>-Path</c> with wildcards and <c>-LiteralPath</c>.</summary>
public abstract class PathCommand : ObservingCommand
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";

    /// <summary>Files, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet, HelpMessage = "LoRA files, with wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsFileCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files, taken literally.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet, HelpMessage = "LoRA files whose names are taken as they are: brackets are brackets.")]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    [ArgumentCompleter(typeof(LiteralSafetensorsFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>A folder that came with the files of a folder and was passed over; null if none did.</summary>
    private protected string? FolderPassedOver { get; private set; }

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
            if (!IsFileSystem(provider))
            {
                WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
                return [];
            }

            // Get-ChildItem hands in what a folder has; a folder that is named outright is a mistake, and said so when it is opened.
            if (!MyInvocation.ExpectingInput || !Directory.Exists(resolved))
                return [resolved];

            WriteVerbose($"'{resolved}' is a folder; passed over.");
            FolderPassedOver ??= resolved;
        }
        catch (SessionStateException exception)
        {
            WriteError(ErrorRecords.PathNotFound(path, exception));
        }

        return [];
    }

    private List<string> ResolveWildcard(string path)
    {
        bool hasWildcard = WildcardPattern.ContainsWildcardCharacters(path);
        try
        {
            Collection<string> resolved = SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            if (!IsFileSystem(provider))
            {
                WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
                return [];
            }

            // A wildcard means files.
            List<string> files = [.. resolved.Where(file => !hasWildcard || !Directory.Exists(file))];
            if (files.Count == 0)
                WriteError(ErrorRecords.NothingMatches(path, IsLiteralFile(path)));
            return files;
        }
        catch (ItemNotFoundException) when (hasWildcard)
        {
            WriteError(ErrorRecords.NothingMatches(path, IsLiteralFile(path)));
        }
        catch (SessionStateException exception)
        {
            WriteError(ErrorRecords.PathNotFound(path, exception));
        }

        return [];
    }

    private bool IsLiteralFile(string path) => File.Exists(SessionState.Path.GetUnresolvedProviderPathFromPSPath(path));
}
