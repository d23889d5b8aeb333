namespace ResizeLora.Safetensors;

/// <summary>A tensor holds NaN or infinity, so that nothing computed from it would mean anything.</summary>
internal sealed class NonFiniteException(string tensorName) : Exception($"Tensor '{tensorName}' holds NaN or infinity.")
{
    public string TensorName { get; } = tensorName;
}
