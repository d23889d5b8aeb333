using System.Management.Automation;
using ResizeLora.Torch;

namespace ResizeLora.Errors;

/// <summary>Every ErrorRecord of the module is made here.</summary>
internal static class ErrorRecords
{
    private const string FileNotFound = nameof(FileNotFound);

    public static ErrorRecord ToErrorRecord(this ResizeLoraException exception) =>
        New(exception, exception.ErrorId, CategoryOf(exception.Kind), exception.Target);

    public static ErrorRecord ToErrorRecord(this TorchUnavailableException exception) =>
        New(
            exception,
            $"Torch{exception.Reason}",
            exception.Reason == TorchUnavailableReason.DeviceMissing ? ErrorCategory.InvalidArgument : ErrorCategory.NotInstalled,
            exception.Target);

    /// <summary>A path does not exist. The shell's own errors about drives and providers are kept.</summary>
    public static ErrorRecord PathNotFound(string path, SessionStateException inner) =>
        inner is ItemNotFoundException
            ? New(new ItemNotFoundException($"'{path}' does not exist.", inner), FileNotFound, ErrorCategory.ObjectNotFound, path)
            : New(inner, inner.ErrorRecord.FullyQualifiedErrorId, inner.ErrorRecord.CategoryInfo.Category, path);

    public static ErrorRecord NothingMatches(string pattern, bool isLiteralFile) =>
        New(
            new ItemNotFoundException(isLiteralFile
                ? $"No file matches '{pattern}', because brackets are wildcards in -Path. There is a file of exactly this name: name it with -LiteralPath."
                : $"No file matches '{pattern}'."),
            FileNotFound,
            ErrorCategory.ObjectNotFound,
            pattern);

    public static ErrorRecord NotOneCheckpoint(string pattern, IReadOnlyList<string> found) => NotOne("SeveralCheckpoints", "-Checkpoint", pattern, found);

    public static ErrorRecord NotOneReference(string pattern, IReadOnlyList<string> found) => NotOne("SeveralReferences", "-ReferencePath", pattern, found);

    public static ErrorRecord NotALayer(object? item, string reason) => New(new PSArgumentException(reason), "InputIsNotLora", ErrorCategory.InvalidArgument, item);

    public static ErrorRecord InvalidWildcard(string pattern, bool isLiteralFile) =>
        New(
            new WildcardPatternException(isLiteralFile
                ? $"'{pattern}' is not a valid pattern: brackets are wildcards in -Path, and one is not closed. There is a file of exactly this name: name it with -LiteralPath."
                : $"'{pattern}' is not a valid pattern: brackets are wildcards in -Path, and one is not closed. Name a file with brackets in its name with -LiteralPath."),
            nameof(InvalidWildcard),
            ErrorCategory.InvalidArgument,
            pattern);

    public static ErrorRecord InvalidPath(string path) =>
        New(new PSArgumentException($"'{path}' can't be a path: it contains a NUL character."), nameof(InvalidPath), ErrorCategory.InvalidArgument, path);

    public static ErrorRecord NotFileSystem(string path, string provider) =>
        New(new PSNotSupportedException($"'{path}' belongs to the provider {provider}; only files on disk can be used."), "NotFileSystem", ErrorCategory.InvalidArgument, path);

    private static ErrorRecord NotOne(string errorId, string parameter, string pattern, IReadOnlyList<string> found) =>
        found.Count == 0
            ? NothingMatches(pattern, isLiteralFile: false)
            : New(new ArgumentException($"{parameter} '{pattern}' matches {found.Count} files or folders, such as '{found[0]}' and '{found[1]}'. Name the one you mean."), errorId, ErrorCategory.InvalidArgument, pattern);

    /// <summary>Names in messages may come from untrusted files: they are made harmless to a console, whatever view is used.</summary>
    private static ErrorRecord New(Exception exception, string errorId, ErrorCategory category, object? target)
    {
        var record = new ErrorRecord(exception, errorId, category, target);
        record.CategoryInfo.TargetName = DisplayText.Message(record.CategoryInfo.TargetName);
        if (!DisplayText.IsHarmless(exception.Message))
            record.ErrorDetails = new ErrorDetails(DisplayText.Message(exception.Message));
        return record;
    }

    private static ErrorCategory CategoryOf(FaultKind kind) => kind switch
    {
        FaultKind.InvalidArgument => ErrorCategory.InvalidArgument,
        FaultKind.NotFound => ErrorCategory.ObjectNotFound,
        FaultKind.InvalidData => ErrorCategory.InvalidData,
        FaultKind.PermissionDenied => ErrorCategory.PermissionDenied,
        FaultKind.ReadFailed => ErrorCategory.ReadError,
        FaultKind.WriteFailed => ErrorCategory.WriteError,
        FaultKind.AlreadyExists => ErrorCategory.ResourceExists,
        FaultKind.NothingKept => ErrorCategory.LimitsExceeded,
        FaultKind.OutOfMemory => ErrorCategory.ResourceUnavailable,
        FaultKind.ComputationFailed => ErrorCategory.InvalidResult,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
