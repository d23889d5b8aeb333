using ResizeLora.Decomposition;
using ResizeLora.Safetensors;
using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>Stored bytes to tensors. Always a copy: libtorch's own memory is aligned, so results don't depend on ours.</summary>
internal sealed class TensorReader(Device device)
{
    /// <summary>Reads a matrix, as it is meant (transposed if it says so), in the wanted floating-point type.</summary>
    public Tensor Read(StoredMatrix matrix, ScalarType type)
    {
        Tensor stored = matrix.DType is SafetensorsDType.F8_E4M3 or SafetensorsDType.F8_E5M2
            ? ReadFloat8(matrix)
            : Copy(matrix);
        Tensor widened = stored.to(device).to(type).reshape(matrix.Rows, matrix.Columns);
        return matrix.Transposed ? widened.t().contiguous() : widened;
    }

    private static Tensor Copy(StoredMatrix matrix)
    {
        Tensor tensor = empty(matrix.Rows * matrix.Columns, ScalarTypeOf(matrix.DType));
        matrix.Bytes.Span.CopyTo(tensor.bytes);
        return tensor;
    }

    /// <summary>libtorch has no arithmetic for 8-bit floats: look each of the 256 values up.</summary>
    private static Tensor ReadFloat8(StoredMatrix matrix)
    {
        float[] values = new float[256];
        for (int bits = 0; bits < values.Length; bits++)
            values[bits] = (float)ElementCodec.Read(matrix.DType, [(byte)bits]);

        Tensor indices = empty(matrix.Rows * matrix.Columns, ScalarType.Byte);
        matrix.Bytes.Span.CopyTo(indices.bytes);
        return tensor(values).index_select(0, indices.to(ScalarType.Int32));
    }

    public static ScalarType ScalarTypeOf(SafetensorsDType dtype) => dtype switch
    {
        SafetensorsDType.F64 => ScalarType.Float64,
        SafetensorsDType.F32 => ScalarType.Float32,
        SafetensorsDType.F16 => ScalarType.Float16,
        SafetensorsDType.BF16 => ScalarType.BFloat16,
        _ => throw new NotSupportedException($"{dtype} is not convertible."),
    };
}
