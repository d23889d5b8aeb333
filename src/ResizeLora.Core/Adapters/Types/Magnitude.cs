using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>
/// DoRA's magnitudes m: W' = m · (W + ΔW) / ‖W + ΔW‖, with the norm of each row of the weight, or of the columns of each
/// input feature.
/// </summary>
/// <param name="Tensor">m.</param>
/// <param name="GroupSize">How many neighbouring columns have one magnitude; 0 where each row has one.</param>
internal sealed record Magnitude(TensorInfo Tensor, long GroupSize)
{
    /// <summary>The magnitudes of a layer, or what is wrong with them; both are null where there are none.</summary>
    public static (Magnitude? Magnitude, string? Problem) Of(AdapterTensors tensors, AdapterShape shape)
    {
        if (tensors.Has(TensorRole.DoraScale, TensorRole.MagnitudeVector))
            return (null, "DoRA with two magnitudes");

        if ((tensors.Find(TensorRole.MagnitudeVector) ?? tensors.Find(TensorRole.DoraScale)) is not { } tensor)
            return (null, null);

        if (!tensor.DType.Format().IsReal)
            return (null, $"DoRA with magnitudes of dtype {tensor.DType}");

        return GroupSizeOf(tensor, shape, tensors.Has(TensorRole.MagnitudeVector)) is { } group
            ? (new Magnitude(tensor, group), null)
            : (null, $"DoRA with magnitudes of shape {tensor.ShapeText}");
    }

    /// <summary>
    /// PEFT has a magnitude per output, in whatever shape: a convolution's is [1, out, 1, 1]. Of the others, [out, 1] tells
    /// itself from [1, in].
    /// </summary>
    private static long? GroupSizeOf(TensorInfo tensor, AdapterShape shape, bool alwaysPerOutput)
    {
        long count = tensor.ElementCount;
        if (alwaysPerOutput)
            return count == shape.Rows ? 0 : null;

        if (tensor.Shape.Count is < 1 or > 5 || count == 0)
            return null;
        if (tensor.Shape[0] == count && count == shape.Rows)
            return 0;

        bool perInput = tensor.Shape.Count > 1 && tensor.Shape[1] == count
            && (shape.KnowsKernel ? count == shape.InputShape[0] : shape.Columns % count == 0);
        return perInput ? shape.Columns / count : null;
    }
}
