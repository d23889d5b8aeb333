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

    /// <summary>The format of each layer; layers in 64 bits become single precision, in 8 bits other than E4M3 half precision.</summary>
    Source,

    /// <summary>E4M3: 4 significant bits, magnitudes up to 448; factors are rotated and scaled, and alpha takes the scale.</summary>
    Float8,
}

/// <summary>Finds the element format of a precision, or the other way round; what there is to know of it says the format.</summary>
internal static class ResizePrecisions
{
    private const string Source = "source";

    /// <summary>The name of a precision in file names.</summary>
    public static string ShortName(this ResizePrecision precision) => precision == ResizePrecision.Source ? Source : FormatOf(precision).OutputNames[1];

    /// <summary>The precision of a name that trainers or file names use, in any case; null if there is none.</summary>
    public static ResizePrecision? OfShortName(string name)
    {
        if (Source.Equals(name, StringComparison.OrdinalIgnoreCase))
            return ResizePrecision.Source;

        return ElementFormat.Outputs.FirstOrDefault(format => format.OutputNames.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } format
            ? Enum.Parse<ResizePrecision>(format.OutputNames[0])
            : null;
    }

    /// <summary>The element type for a layer that is stored in <paramref name="stored"/>.</summary>
    public static SafetensorsDType DType(this ResizePrecision precision, SafetensorsDType stored)
    {
        if (precision != ResizePrecision.Source)
            return FormatOf(precision).DType;
        if (stored.Format().OutputNames.Count > 0)
            return stored;
        return stored.Format().Bits > 32 ? SafetensorsDType.F32 : SafetensorsDType.F16;
    }

    private static ElementFormat FormatOf(ResizePrecision precision) => ElementFormat.Outputs.Single(format => format.OutputNames[0] == precision.ToString());
}
