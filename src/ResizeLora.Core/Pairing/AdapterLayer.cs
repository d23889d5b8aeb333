using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>One LoRA layer of an adapter file: ΔW = (alpha / rank) · up · down.</summary>
/// <param name="Name">The layer's name as the file has it, without the suffixes of its tensors.</param>
/// <param name="Up">B, of shape [out, rank] or [out, rank, 1, 1].</param>
/// <param name="Down">A, of shape [rank, in] or [rank, in, kernel height, kernel width].</param>
/// <param name="Alpha">The scalar alpha, where the file has one; without it alpha = rank.</param>
/// <param name="AlphaName">
/// How the alpha tensor is called in the style of this file; null where a loader would stumble over one.
/// </param>
internal sealed record AdapterLayer(string Name, TensorInfo Up, TensorInfo Down, TensorInfo? Alpha, string? AlphaName)
{
    /// <summary>Rows of ΔW: output features.</summary>
    public long Rows => Up.Shape[0];

    /// <summary>Columns of ΔW: input features times kernel size.</summary>
    public long Columns => Down.ElementCount / Rank;

    /// <summary>The inner dimension, as stored.</summary>
    public long Rank => Down.Shape[0];
}
