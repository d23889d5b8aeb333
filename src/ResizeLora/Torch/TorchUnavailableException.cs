namespace ResizeLora.Torch;

/// <summary>libtorch, which does the numeric work, can't be used; the message says why and what to do.</summary>
public sealed class TorchUnavailableException : Exception
{
    internal TorchUnavailableException(TorchUnavailableReason reason, string target, string message, Exception? inner = null)
        : base(message, inner)
    {
        Reason = reason;
        Target = target;
    }

    /// <summary>What sort of problem it is.</summary>
    public TorchUnavailableReason Reason { get; }

    /// <summary>The path or platform that the problem is about.</summary>
    public string Target { get; }
}
