namespace ResizeLora;

/// <summary>What went wrong, in words that any caller can map to its own error categories.</summary>
public enum FaultKind
{
    /// <summary>The caller's own arguments contradict each other or can't be understood.</summary>
    InvalidArgument,

    /// <summary>A file or folder is not there.</summary>
    NotFound,

    /// <summary>A file is there, but its content is not what it must be.</summary>
    InvalidData,

    /// <summary>The operating system refused access.</summary>
    PermissionDenied,

    /// <summary>Reading failed half way, or the file changed under us.</summary>
    ReadFailed,

    /// <summary>Writing failed.</summary>
    WriteFailed,

    /// <summary>The output exists already.</summary>
    AlreadyExists,

    /// <summary>The recipe keeps nothing of this file, so there is nothing to write.</summary>
    NothingKept,

    /// <summary>There is not enough memory for the work.</summary>
    OutOfMemory,

    /// <summary>The numeric library has failed.</summary>
    ComputationFailed,
}
