using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>A layer of an adapter file that is not a plain pair of factors, and so is left unchanged.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Tensors">All its tensors, alpha included.</param>
/// <param name="Reason">What it is instead, in a few words.</param>
internal sealed record UnsupportedLayer(string Name, IReadOnlyList<TensorInfo> Tensors, string Reason);
