using ResizeLora.Engine;
using ResizeLora.Safetensors;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>Norms within W + ΔW, which is made a few rows at a time.</summary>
internal static class MergedWeight
{
    /// <summary>Numbers of W + ΔW in memory at a time.</summary>
    private const long BlockSize = 1 << 20;

    /// <summary>The norms of rows, or of groups of so many neighbouring columns.</summary>
    public static double[] Norms(TensorReader reader, StoredMatrix weight, LayerFactors layer, long groupSize)
    {
        Tensor up = reader.Read(layer.Up, ScalarType.Float64) * tensor(layer.Scale, ScalarType.Float64, reader.Device);
        Tensor down = reader.Read(layer.Down, ScalarType.Float64);
        long rows = up.shape[0];
        long columns = down.shape[1];
        double[] squares = new double[groupSize == 0 ? rows : columns / groupSize];
        long rowsAtOnce = Math.Clamp(BlockSize / columns, 1, rows);
        for (long first = 0; first < rows; first += rowsAtOnce)
        {
            using TorchSharp.DisposeScope scope = NewDisposeScope();
            long count = Math.Min(rowsAtOnce, rows - first);
            Tensor block = ReadRows(reader, weight, first, count) + up.narrow(0, first, count).mm(down);
            block = block * block;
            Tensor sums = groupSize == 0 ? block.sum(dim: 1) : block.sum(dim: 0).view(-1, groupSize).sum(dim: 1);
            ReadOnlySpan<double> numbers = sums.contiguous().cpu().Numbers<double>();
            for (int i = 0; i < numbers.Length; i++)
                squares[(groupSize == 0 ? first : 0) + i] += numbers[i];
        }

        return [.. squares.Select(square => double.IsFinite(square) ? Math.Sqrt(square) : throw new NonFiniteException(weight.Name))];
    }

    /// <summary>The rows of a weight; of one that is stored transposed, they are columns of all that is stored.</summary>
    private static Tensor ReadRows(TensorReader reader, StoredMatrix weight, long first, long count)
    {
        if (weight.Transposed)
            return reader.Read(weight, ScalarType.Float64).narrow(0, first, count);

        return reader.Read(weight.Slice(first, count), ScalarType.Float64);
    }
}
