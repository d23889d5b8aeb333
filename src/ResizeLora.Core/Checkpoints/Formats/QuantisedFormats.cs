using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>How the weights of a checkpoint are stored. Quantised ones are known by the tensors beside them.</summary>
internal static class QuantisedFormats
{
    /// <summary>The formats of safetensors files: each makes a weight of what it knows, and null of all else.</summary>
    private static readonly Func<WeightSurroundings, StoredWeight?>[] All = [BitsAndBytesFormat.Find, ComfyFormat.Find];

    /// <summary>What tells that weights are stored in a way that is not known here, by how names of tensors end.</summary>
    private static readonly (string Ending, string Format)[] Unknown =
    [
        (".qweight", "by Nunchaku, GPTQ or AWQ"),
        (".weight._data", "by Quanto"),
        (".weight_packed", "by compressed-tensors"),
        ("weight_qdata", "by torchao"),
    ];

    /// <summary>The weight that a tensor is called by.</summary>
    public static StoredWeight Find(WeightSurroundings around)
    {
        StoredTensor tensor = around.Tensor;
        if (tensor.Info is GgufTensor { Format: { Plain: null } format })
            return new BlockWeight(tensor, format);

        if (!tensor.Info.Name.EndsWith(WeightSurroundings.Suffix, StringComparison.Ordinal))
            return new PlainWeight(tensor);

        try
        {
            return All.Select(find => find(around)).FirstOrDefault(weight => weight is not null) ?? Unmarked(tensor);
        }
        catch (FormatException exception)
        {
            return new UnreadableWeight(tensor, $"is quantised, but {exception.Message}", IsDamaged: true);
        }
    }

    /// <summary>A tensor that tells that the weights of a file can't be read, and why; null if they may be.</summary>
    public static (TensorInfo Tensor, string Problem)? WhyUnreadable(TensorHeader header)
    {
        foreach (TensorInfo tensor in header.Tensors)
        {
            if (Array.Find(Unknown, format => tensor.Name.EndsWith(format.Ending, StringComparison.Ordinal)) is { Format: { } format })
                return (tensor, $"is quantised {format}");
        }

        return null;
    }

    private static StoredWeight Unmarked(StoredTensor tensor) => tensor.Info.DType is SafetensorsDType.U8 or SafetensorsDType.I8 or SafetensorsDType.F4
        ? new UnreadableWeight(tensor, $"is quantised in an unknown way ({tensor.Info.DType} without scales)")
        : new PlainWeight(tensor);
}
