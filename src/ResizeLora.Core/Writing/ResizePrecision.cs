using ResizeLora.Safetensors;

namespace ResizeLora;

/// <summary>The number format of a resized LoRA's factors.</summary>
public enum ResizePrecision
{
    /// <summary>IEEE half precision: 11 significant bits, magnitudes up to 65504.</summary>
    Float16,

    /// <summary>bfloat16: 8 significant bits, the range of single precision.</summary>
    BFloat16,

    /// <summary>IEEE single precision.</summary>
    Float32,
}

internal static class ResizePrecisions
{
    public static SafetensorsDType DType(this ResizePrecision precision) => precision switch
    {
        ResizePrecision.Float16 => SafetensorsDType.F16,
        ResizePrecision.BFloat16 => SafetensorsDType.BF16,
        ResizePrecision.Float32 => SafetensorsDType.F32,
        _ => throw new ArgumentOutOfRangeException(nameof(precision)),
    };
}
