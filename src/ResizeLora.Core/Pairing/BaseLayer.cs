using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>The layer of the base checkpoint that an adapter layer modifies: a whole weight, or some rows of a fused one.</summary>
/// <param name="Tensor">The weight in the checkpoint.</param>
/// <param name="Part">Name of the part of a fused weight (q, k or v), or null for a whole weight.</param>
/// <param name="FirstRow">First row of the part, with the weight flattened to out × (in·kernel).</param>
/// <param name="Rows">Rows of the part.</param>
/// <param name="Transposed">Whether the adapter sees the transpose of what is stored.</param>
internal sealed record BaseLayer(TensorInfo Tensor, string? Part, long FirstRow, long Rows, bool Transposed)
{
    /// <summary>Unique within a checkpoint, and what users see.</summary>
    public string Name => Part is null ? Tensor.Name : $"{Tensor.Name}[{Part}]";

    /// <summary>Input features times kernel size, as stored.</summary>
    public long Columns => Tensor.ElementCount / Tensor.Shape[0];
}
