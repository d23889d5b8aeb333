namespace ResizeLora.Checkpoints.Families;

/// <summary>
/// Where a checkpoint has a part of the model: in a subfolder (unet/), where the names of tensors begin in some way
/// (model.diffusion_model.), or with no prefix, because it is the whole file (*).
/// </summary>
internal sealed record ModelPlace(string Text)
{
    private const string Anywhere = "*";

    public bool IsFolder => Text.EndsWith('/');

    /// <summary>Whether the place alone says which part it is.</summary>
    public bool IsTelling => Text != Anywhere;

    /// <summary>How the names of tensors at this place begin in a source; null if the source is elsewhere.</summary>
    public string? PrefixIn(CheckpointSource source) =>
        source.Folder != (IsFolder ? Text : string.Empty) ? null : IsTelling && !IsFolder ? Text : string.Empty;
}
