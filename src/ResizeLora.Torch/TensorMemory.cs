using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>The memory of a contiguous tensor on the processor; valid for as long as the tensor is.</summary>
internal static class TensorMemory
{
    public static Span<T> Numbers<T>(this Tensor tensor)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.bytes);
}
