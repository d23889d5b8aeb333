namespace ResizeLora.Safetensors;

/// <summary>A tensor that is to be written.</summary>
internal sealed record TensorSpec(string Name, SafetensorsDType DType, IReadOnlyList<long> Shape);
