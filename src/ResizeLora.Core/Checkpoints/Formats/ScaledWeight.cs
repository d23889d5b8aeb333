using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>Small codes that are multiplied by scales: what all quantised weights of safetensors files come down to.</summary>
/// <param name="Tensor">The codes, row by row.</param>
/// <param name="Info">Their tensor, with the shape of the weight.</param>
/// <param name="Codes">What the codes mean.</param>
/// <param name="Scales">What multiplies them.</param>
internal sealed record ScaledWeight(StoredTensor Tensor, TensorInfo Info, WeightCodes Codes, WeightScales Scales) : StoredWeight(Tensor, Info)
{
    /// <summary>What multiplies each column in the end; null for nothing.</summary>
    public StoredTensor? ColumnScale { get; init; }

    /// <summary>How many columns of a row were rotated together before they were rounded; 0 for none.</summary>
    public int RotatedColumns { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<StoredTensor> Tensors => [Tensor, .. Scales.Tensors, .. new[] { ColumnScale }.OfType<StoredTensor>()];

    private long Columns => Info.ElementCount / Info.Shape[0];

    /// <summary>A weight whose codes and scales are as many as its shape needs.</summary>
    /// <exception cref="FormatException">They are not.</exception>
    public static ScaledWeight Create(StoredTensor tensor, IReadOnlyList<long> shape, WeightCodes codes, WeightScales scales)
    {
        long elements = WeightScales.Product(shape);
        if ((elements * codes.Bits + 7) / 8 != tensor.Info.ByteCount)
            throw new FormatException($"its {tensor.Info.ByteCount} bytes do not fit its shape");

        // Tiles have more numbers than are used.
        TensorInfo scale = scales.Tensors[0].Info;
        return scale.ElementCount >= scales.CountFor(elements)
            ? new ScaledWeight(tensor, tensor.Info with { Shape = shape }, codes, scales)
            : throw new FormatException($"its scale of shape {scale.ShapeText} does not fit");
    }

    /// <inheritdoc/>
    public override void Read(IReadOnlyList<TensorFile> files, long first, Span<float> numbers)
    {
        Codes.Read(files, Tensor, first, numbers);
        float[] scales = Scales.Read(files);
        for (int done = 0; done < numbers.Length;)
        {
            (long index, long count) = Scales.At(first + done);
            Span<float> run = numbers.Slice(done, (int)Math.Min(count, numbers.Length - done));
            float scale = scales[index];
            foreach (ref float number in run)
                number *= scale;
            done += run.Length;
        }

        // Rows are read whole, so that these begin where a row does.
        if (RotatedColumns > 0)
        {
            for (int i = 0; i < numbers.Length; i += RotatedColumns)
                HadamardRotation.Undo(numbers.Slice(i, RotatedColumns));
        }

        if (ColumnScale is null)
            return;

        float[] columns = WeightCodes.Numbers(files, ColumnScale);
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] *= columns[(first + i) % Columns];
    }
}
