using System.Collections.ObjectModel;
using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Arguments;
using ResizeLora.Errors;
using ResizeLora.Files;
using ResizeLora.Safetensors;

namespace ResizeLora.Commands;

/// <summary>The base of all cmdlets that take files, by wildcards or literally: which files a path means, and which are passed over.</summary>
public abstract class FilesCommand : ObservingCommand
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";
    private protected const string PathHelp = "LoRA files and PEFT adapter folders. Wildcards are allowed.";
    private protected const string LiteralPathHelp = "LoRA files and PEFT adapter folders, without wildcards: [ and ] are part of the name.";

    private readonly List<string> _foreign = [];
    private string? _folderPassedOver;
    private string? _filePassedOver;
    private bool _hasTaken;
    private bool _hasInput;

    // A folder and the files in it are one adapter.
    private readonly HashSet<string> _folders = new(RealPath.Comparer);

    /// <summary>The paths of this pipeline record, with wildcards or, in the set of literal paths, without.</summary>
    private protected abstract string[] Inputs { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _hasInput = true;
        _hasTaken |= ParameterSetName is not (PathSet or LiteralPathSet);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!_hasInput)
            ReportNothing("no LoRA came through the pipeline");
        else if (_foreign.Count > 0)
            WriteWarning($"Skipped {Quantity.Of(_foreign.Count, "file")} not in the safetensors format{(_foreign.Count == 1 ? ":" : ", such as")} '{_foreign[0]}'. Convert {(_foreign.Count == 1 ? "it" : "them")} to safetensors first.");
        else if (_filePassedOver is not null && !_hasTaken)
            ReportNothing($"none of the inputs is named like a LoRA, such as '{_filePassedOver}'. Name LoRAs, for example with Get-ChildItem *.safetensors");
        else if (_folderPassedOver is not null && !_hasTaken)
            ReportNothing($"only folders came through the pipeline, such as '{_folderPassedOver}', and none is a PEFT adapter. Name files in it, for example with Get-ChildItem *.safetensors");
    }

    /// <summary>Says that a call has come to nothing, and why.</summary>
    private protected virtual void ReportNothing(string reason) => WriteWarning($"Nothing was done: {reason}.");

    /// <summary>The files of this pipeline record; each that can't be found is an error record.</summary>
    private protected IEnumerable<string> ResolveFiles()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string path in Inputs)
        {
            // Get-ChildItem passes everything in a folder; a path given outright is intended.
            bool isNamed = literal ? !MyInvocation.ExpectingInput : !WildcardPattern.ContainsWildcardCharacters(path);
            foreach (string file in literal ? ResolveLiteral(path) : ResolveWildcard(path))
            {
                if (AdapterOf(file, isNamed) is not { } adapter)
                    continue;

                _hasTaken = true;
                yield return adapter;
            }
        }
    }

    /// <summary>
    /// The adapter that a path refers to: a file, or a folder as PEFT saves it. Null for one that was given before by another
    /// path, and for other folders, unless they are named outright: that is a mistake, and reported when they are opened.
    /// </summary>
    private string? AdapterOf(string path, bool isNamed)
    {
        var location = AdapterLocation.Of(path);
        if (location.IsFolder)
            return _folders.Add(location.Path) ? location.Path : null;

        if (isNamed)
            return path;

        bool isFolder = Directory.Exists(path);
        if (!isFolder && AdapterLocation.IsNamedAsModel(path))
            return path;

        WriteVerbose($"'{path}' is not a LoRA; skipped.");
        if (isFolder)
            _folderPassedOver ??= path;
        else if (AdapterLocation.IsNamedAsForeignModel(path))
            _foreign.Add(path);
        else
            _filePassedOver ??= path;
        return null;
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
        bool hasWildcard = WildcardPattern.ContainsWildcardCharacters(path);
        try
        {
            if (hasWildcard && !Wildcards.AreIn(path))
            {
                WriteError(ErrorRecords.InvalidWildcard(path, IsLiteralFile(path)));
                return [];
            }

            Collection<string> resolved = SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            if (!IsFileSystem(provider))
            {
                WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
                return [];
            }

            if (!hasWildcard || resolved.Any(IsInput))
                return [.. resolved];

            WriteError(NothingMatches(path));
        }
        catch (ItemNotFoundException exception)
        {
            WriteError(hasWildcard ? NothingMatches(path) : NotSeen(path) ?? ErrorRecords.PathNotFound(path, exception));
        }
        catch (WildcardPatternException)
        {
            // Brackets with a separator between them are not a pair.
            WriteError(ErrorRecords.InvalidWildcard(path, IsLiteralFile(path)));
        }
        catch (SessionStateException exception)
        {
            WriteError(ErrorRecords.PathNotFound(path, exception));
        }

        return [];
    }

    private ErrorRecord NothingMatches(string path) => NotSeen(path) ?? ErrorRecords.NothingMatches(path, IsLiteralFile(path));

    /// <summary>The error of a path that leads into a folder which must not be read; null where none is in the way.</summary>
    private protected ErrorRecord? NotSeen(string path) =>
        ClosedFolder.InTheWayOf(SessionState.Path.GetUnresolvedProviderPathFromPSPath(path)) is { } denied ? SafetensorsErrors.AccessDenied(path, denied).ToErrorRecord() : null;

    private bool IsLiteralFile(string path) => IsInput(SessionState.Path.GetUnresolvedProviderPathFromPSPath(path));
}
