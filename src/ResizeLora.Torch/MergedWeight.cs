using ResizeLora.Adapters;
using ResizeLora.Safetensors;
using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>Norms within W + ΔW, which is made a few rows at a time.</summary>
internal static class MergedWeight
{
    /// <summary>Numbers of W + ΔW in memory at a time.</summary>
    private const long BlockSize = 1 << 20;

    public static double[] Norms(TensorReader reader, StoredMatrix weight, LayerFactors? layer, long groupSize)
    {
        Tensor matrix = reader.Read(weight, ScalarType.Float64);
        long rows = matrix.shape[0];
        long columns = matrix.shape[1];
        Tensor? up = layer is null ? null : reader.Read(layer.Up, ScalarType.Float64) * tensor(layer.Scale, ScalarType.Float64, reader.Device);
        Tensor? down = layer is null ? null : reader.Read(layer.Down, ScalarType.Float64);
        double[] squares = new double[groupSize == 0 ? rows : columns / groupSize];
        long rowsAtOnce = Math.Clamp(BlockSize / columns, 1, rows);
        for (long first = 0; first < rows; first += rowsAtOnce)
        {
            using TorchSharp.DisposeScope scope = NewDisposeScope();
            long count = Math.Min(rowsAtOnce, rows - first);
            Tensor block = matrix.narrow(0, first, count);
            if (up is not null)
                block = block + up.narrow(0, first, count).matmul(down!);
            block = block * block;
            Tensor sums = groupSize == 0 ? block.sum(dim: 1) : block.sum(dim: 0).view(-1, groupSize).sum(dim: 1);
            ReadOnlySpan<double> numbers = sums.contiguous().cpu().Numbers<double>();
            for (int i = 0; i < numbers.Length; i++)
                squares[(groupSize == 0 ? first : 0) + i] += numbers[i];
        }

        for (int i = 0; i < squares.Length; i++)
            squares[i] = double.IsFinite(squares[i]) ? Math.Sqrt(squares[i]) : throw new NonFiniteException(weight.Name);
        return squares;
    }
}
