using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>A tensor of a checkpoint, which may be in several files.</summary>
/// <param name="File">Number of the file.</param>
/// <param name="Info">The tensor in there.</param>
internal sealed record StoredTensor(int File, TensorInfo Info);
