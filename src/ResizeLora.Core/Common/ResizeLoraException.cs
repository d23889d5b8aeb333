namespace ResizeLora;

/// <summary>A problem that the user can understand and mend: names the file, the place and the remedy.</summary>
public sealed class ResizeLoraException : Exception
{
    internal ResizeLoraException(string errorId, FaultKind kind, object? target, string message, Exception? inner = null)
        : base(DisplayText.Message(message), inner)
    {
        ErrorId = errorId;
        Kind = kind;
        Target = target;
    }

    /// <summary>The stable name of this error, as scripts may test for it.</summary>
    public string ErrorId { get; }

    /// <summary>What sort of problem it is.</summary>
    public FaultKind Kind { get; }

    /// <summary>The path, layer or text that the problem is about.</summary>
    public object? Target { get; }
}
