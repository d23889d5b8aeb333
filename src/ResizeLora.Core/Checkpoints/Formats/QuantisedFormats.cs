using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>How the weights of a checkpoint are stored. Quantised ones are recognised by the tensors next to them.</summary>
internal static class QuantisedFormats
{
    /// <summary>The formats of safetensors files: each makes a weight of what it knows, and null of all else.</summary>
    private static readonly Func<WeightSurroundings, StoredWeight?>[] All = [BitsAndBytesFormat.Find, ComfyFormat.Find];

    /// <summary>Endings of tensor names that show that weights are stored in an unknown format.</summary>
    private static readonly (string Ending, string Format)[] Unknown =
    [
        (".qweight", "by Nunchaku, GPTQ or AWQ"),
        (".weight._data", "by Quanto"),
        (".weight_packed", "by compressed-tensors"),
        ("weight_qdata", "by torchao"),
        (".W_q", "by HQQ"),
    ];

    /// <summary>The weight with the name of a tensor.</summary>
    public static StoredWeight Find(WeightSurroundings around)
    {
        StoredTensor tensor = around.Tensor;
        if (tensor.Info is GgufTensor { Format: { Plain: null } format })
            return new BlockWeight(tensor, format);

        try
        {
            bool isWeight = tensor.Info.Name.EndsWith(WeightSurroundings.Suffix, StringComparison.Ordinal);
            StoredWeight? known = isWeight ? All.Select(find => find(around)).FirstOrDefault(weight => weight is not null) : null;
            return known is { Problem: not null } ? known : WithAllScales(around, known ?? new PlainWeight(tensor));
        }
        catch (FormatException exception)
        {
            return new UnreadableWeight(tensor, $"is quantised, but {exception.Message}", IsDamaged: true);
        }
    }

    /// <summary>A tensor that shows that the weights of a file can't be read, and why; null if there is none.</summary>
    public static (TensorInfo Tensor, string Problem)? WhyUnreadable(TensorHeader header)
    {
        foreach (TensorInfo tensor in header.Tensors)
        {
            if (Array.Find(Unknown, format => tensor.Name.EndsWith(format.Ending, StringComparison.Ordinal)) is { Format: { } format })
                return (tensor, $"is quantised {format}");
        }

        return null;
    }

    /// <summary>A weight, unless it needs a scale that is missing or in whose place there is another one: its numbers would be wrong.</summary>
    private static StoredWeight WithAllScales(WeightSurroundings around, StoredWeight weight)
    {
        SafetensorsDType dtype = weight.Tensor.Info.DType;
        bool isFloat = dtype is SafetensorsDType.F8_E4M3 or SafetensorsDType.F8_E5M2;
        bool isCode = weight is PlainWeight && around.Name.EndsWith(WeightSurroundings.Suffix, StringComparison.Ordinal) && dtype is SafetensorsDType.U8 or SafetensorsDType.I8 or SafetensorsDType.F4;
        TensorInfo? unused = isFloat || isCode ? around.Scales().FirstOrDefault(scale => !weight.Tensors.Any(tensor => tensor.Info.Name == scale.Name)) : null;
        return unused is not null ? new UnreadableWeight(around.Tensor, $"is quantised in an unknown way ({dtype} with the scale '{DisplayText.Of(unused.Name)}')")
            : isCode ? new UnreadableWeight(around.Tensor, $"is quantised in an unknown way ({dtype} without scales)")
            : weight;
    }
}
