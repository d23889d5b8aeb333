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

    /// <summary>What each layer is stored in; layers in 64 bits become single precision, in 8 bits half precision.</summary>
    Source,
}

internal static class ResizePrecisions
{
    /// <summary>What trainers and file names call the formats; the first name is the one that file names have.</summary>
    private static readonly (ResizePrecision Precision, string[] Names)[] ShortNames =
    [
        (ResizePrecision.Float16, ["fp16", "f16"]),
        (ResizePrecision.BFloat16, ["bf16"]),
        (ResizePrecision.Float32, ["fp32", "f32"]),
        (ResizePrecision.Source, ["source"]),
    ];

    /// <summary>The name of a format in file names.</summary>
    public static string ShortName(this ResizePrecision precision) => ShortNames.First(row => row.Precision == precision).Names[0];

    /// <summary>The format of a short name, in any case; null where it is none.</summary>
    public static ResizePrecision? OfShortName(string name) =>
        ShortNames.Where(row => row.Names.Contains(name, StringComparer.OrdinalIgnoreCase)).Select(row => (ResizePrecision?)row.Precision).FirstOrDefault();

    /// <summary>The element type for a layer that is stored in <paramref name="stored"/>.</summary>
    public static SafetensorsDType DType(this ResizePrecision precision, SafetensorsDType stored) => precision switch
    {
        ResizePrecision.Float16 => SafetensorsDType.F16,
        ResizePrecision.BFloat16 => SafetensorsDType.BF16,
        ResizePrecision.Float32 => SafetensorsDType.F32,
        ResizePrecision.Source => stored switch
        {
            SafetensorsDType.F16 or SafetensorsDType.BF16 or SafetensorsDType.F32 => stored,
            SafetensorsDType.F64 => SafetensorsDType.F32,
            _ => SafetensorsDType.F16,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(precision)),
    };
}
