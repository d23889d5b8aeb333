namespace ResizeLora;

/// <summary>
/// What happens to a LoRA layer that has no partner in the checkpoint, no layer of that name and size or two of them, when a recipe
/// compares with the checkpoint.
/// </summary>
public enum UnmatchedLayer
{
    /// <summary>It is kept unchanged, with a warning.</summary>
    Keep,

    /// <summary>It is left out, with a warning.</summary>
    Drop,

    /// <summary>It is an error, and the file is not resized.</summary>
    Error,
}
