using System.Collections.ObjectModel;
using System.Management.Automation;
using ResizeLora.Completion;
using ResizeLora.Errors;
using ResizeLora.Files;
using ResizeLora.Peft;

namespace ResizeLora.Commands;

/// <summary>What all cmdlets share that take files: <c>-Path</c> with wildcards and <c>-LiteralPath</c>.</summary>
public abstract class PathCommand : StoppableCommand
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";

    // A folder and the files in it stand for one adapter.
    private readonly HashSet<string> _folders = new(RealPath.Comparer);

    /// <summary>Files, and folders of PEFT adapters, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsFileCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files, and folders of PEFT adapters, taken literally.</summary>
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
            bool isNamed = !MyInvocation.ExpectingInput && (literal || !WildcardPattern.ContainsWildcardCharacters(path));
            foreach (string file in literal ? ResolveLiteral(path) : ResolveWildcard(path))
            {
                if (AdapterOf(file, isNamed) is { } adapter)
                    yield return adapter;
            }
        }
    }

    /// <summary>
    /// The adapter that a path stands for: a file, or a folder as PEFT saves it. Null for one that was met before by another
    /// path, and for other folders, unless they are named outright: that is a mistake, and said so when they are opened.
    /// </summary>
    private string? AdapterOf(string path, bool isNamed)
    {
        var location = AdapterLocation.Of(path);
        if (location.IsFolder)
            return _folders.Add(location.Path) ? location.Path : null;

        if (isNamed)
            return path;

        bool isPassedOver = Directory.Exists(path) || AdapterLocation.IsCompanion(path);
        if (isPassedOver)
            WriteVerbose($"'{path}' is not a LoRA; skipped.");
        return isPassedOver ? null : path;
    }

    private static bool IsInput(string path) => File.Exists(path) || AdapterLocation.IsAdapter(path);

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

            if (resolved.All(file => !IsInput(file)) && WildcardPattern.ContainsWildcardCharacters(path))
                WriteError(ErrorRecords.PathNotFound(path, null));
            return [.. resolved];
        }
        catch (SessionStateException exception)
        {
            WriteError(ErrorRecords.PathNotFound(path, exception));
            return [];
        }
    }
}
