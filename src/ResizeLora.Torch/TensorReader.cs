using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>Stored bytes to tensors on a device. Always a copy: libtorch's own memory is aligned, so results don't depend on ours.</summary>
internal sealed class TensorReader(Device device)
{
    public Device Device => device;

    /// <summary>Reads a matrix (transposed if it says so), in single or double precision.</summary>
    public Tensor Read(StoredMatrix matrix, ScalarType type)
    {
        if (matrix.IsIdentity)
            return eye(matrix.Rows, dtype: type, device: device);

        Tensor stored = Widen(matrix).to(device).to(type);
        return matrix.Transposed ? stored.t().contiguous() : stored;
    }

    /// <summary>Brings numbers to the device.</summary>
    public Tensor Place(NumberMatrix<double> matrix)
    {
        Tensor tensor = empty(matrix.Rows, matrix.Columns, ScalarType.Float64);
        for (int row = 0; row < matrix.Rows; row++)
            matrix.Row(row).CopyTo(tensor.Numbers<double>().Slice(row * matrix.Columns, matrix.Columns));
        return tensor.to(device);
    }

    private static Tensor Widen(StoredMatrix matrix)
    {
        // Single precision where that is exact: half as much to copy to a device.
        bool isLong = matrix.Format.SignificantBits > ElementFormat.Of(SafetensorsDType.F32).SignificantBits;
        Tensor tensor = empty(matrix.Rows, matrix.Columns, isLong ? ScalarType.Float64 : ScalarType.Float32);
        if (isLong)
            matrix.Format.Widen(matrix.Bytes.Span, tensor.Numbers<double>());
        else
            matrix.Format.Widen(matrix.Bytes.Span, tensor.Numbers<float>());
        return tensor;
    }
}
