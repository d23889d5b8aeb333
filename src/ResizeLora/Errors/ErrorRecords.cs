using System.Management.Automation;
using ResizeLora.Torch;

namespace ResizeLora.Errors;

/// <summary>Every ErrorRecord of the module is made here.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord ToErrorRecord(this ResizeLoraException exception) =>
        new(exception, exception.ErrorId, CategoryOf(exception.Kind), exception.Target);

    public static ErrorRecord ToErrorRecord(this TorchUnavailableException exception) =>
        new(
            exception,
            $"Torch{exception.Reason}",
            exception.Reason == TorchUnavailableReason.DeviceMissing ? ErrorCategory.InvalidArgument : ErrorCategory.NotInstalled,
            exception.Target);

    public static ErrorRecord PathNotFound(string path, Exception? inner) =>
        new(new ItemNotFoundException($"'{path}' does not exist, or no file matches it.", inner), "FileNotFound", ErrorCategory.ObjectNotFound, path);

    public static ErrorRecord NotFileSystem(string path, string provider) =>
        new(new PSNotSupportedException($"'{path}' belongs to the provider {provider}; only files on disk can be used."), "NotFileSystem", ErrorCategory.InvalidArgument, path);

    public static ErrorRecord CheckpointNeeded(ResizeRecipe recipe) =>
        new(
            new PSArgumentException($"The recipe '{recipe}' compares with the base model. Name it with -Checkpoint, or use a recipe with spn_lora, fro_lora or params only."),
            "CheckpointNeeded",
            ErrorCategory.InvalidArgument,
            recipe);

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
