using ResizeLora.Decomposition;
using ResizeLora.Safetensors;
using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>Stored bytes to tensors on a device. Always a copy: libtorch's own memory is aligned, so results don't depend on ours.</summary>
internal sealed class TensorReader(Device device)
{
    public Device Device => device;

    /// <summary>Reads a matrix, as it is meant (transposed if it says so), in single or double precision.</summary>
    public Tensor Read(StoredMatrix matrix, ScalarType type)
    {
        Tensor stored = Place(Widen(matrix), type);
        return matrix.Transposed ? stored.t().contiguous() : stored;
    }

    /// <summary>Brings a tensor to the device in another type.</summary>
    public Tensor Place(Tensor tensor, ScalarType type) => tensor.to(device).to(type);

    private static Tensor Widen(StoredMatrix matrix)
    {
        if (matrix.DType == SafetensorsDType.F64)
        {
            Tensor copy = empty(matrix.Rows, matrix.Columns, ScalarType.Float64);
            matrix.Bytes.Span.CopyTo(copy.bytes);
            return copy;
        }

        Tensor tensor = empty(matrix.Rows, matrix.Columns, ScalarType.Float32);
        ElementWidening.ToSingle(matrix.DType, matrix.Bytes.Span, tensor.Numbers<float>());
        return tensor;
    }

    public static ScalarType ScalarTypeOf(SafetensorsDType dtype) => dtype switch
    {
        SafetensorsDType.F32 => ScalarType.Float32,
        SafetensorsDType.F16 => ScalarType.Float16,
        SafetensorsDType.BF16 => ScalarType.BFloat16,
        _ => throw new NotSupportedException($"{dtype} is no output type."),
    };
}
