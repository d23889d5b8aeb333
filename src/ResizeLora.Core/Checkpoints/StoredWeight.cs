using ResizeLora.Checkpoints.Formats;
using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>A weight of a checkpoint: numbers in rows, however they are stored, in one tensor or in several.</summary>
/// <param name="Tensor">The tensor that gives it its name.</param>
/// <param name="Info">That tensor with the shape that the weight has.</param>
internal abstract record StoredWeight(StoredTensor Tensor, TensorInfo Info)
{
    /// <summary>All tensors that it is made of.</summary>
    public virtual IEnumerable<StoredTensor> Tensors => [Tensor];

    /// <summary>Its stored form, if the tensor contains its numbers directly; null if they have to be computed.</summary>
    public virtual SafetensorsDType? Plain => null;

    /// <summary>Why it can't be read; null if it can.</summary>
    public virtual string? Problem => null;

    /// <summary>Computes numbers, row by row, from one of them on.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, or the numbers can't be computed with.</exception>
    public abstract void Read(IReadOnlyList<TensorFile> files, long first, Span<float> numbers);
}

/// <summary>Numbers as they are, of a type that may be one to compute with.</summary>
internal sealed record PlainWeight(StoredTensor Tensor) : StoredWeight(Tensor, Tensor.Info)
{
    /// <inheritdoc/>
    public override SafetensorsDType? Plain => Info.DType.Format().IsReal ? Info.DType : null;

    /// <inheritdoc/>
    public override void Read(IReadOnlyList<TensorFile> files, long first, Span<float> numbers)
    {
        if (Plain is null)
            throw SafetensorsErrors.UnsupportedDType(files[Tensor.File].Path, Info);

        new WeightCodes.Typed(Info.DType).Read(files, Tensor, first, numbers);
    }
}

/// <summary>Blocks of a GGUF file.</summary>
internal sealed record BlockWeight(StoredTensor Tensor, BlockFormat Format) : StoredWeight(Tensor, Tensor.Info)
{
    /// <inheritdoc/>
    public override string? Problem => Format.Decode is null ? $"is quantised as {Format.Name}" : null;

    /// <inheritdoc/>
    public override void Read(IReadOnlyList<TensorFile> files, long first, Span<float> numbers)
    {
        // Blocks need not begin where rows do.
        long block = first / Format.Elements;
        long blocks = (first + numbers.Length + Format.Elements - 1) / Format.Elements - block;
        using PooledBytes bytes = files[Tensor.File].Rent(Tensor.Info, block * Format.Bytes, blocks * Format.Bytes);
        int skipped = (int)(first - block * Format.Elements);
        if (skipped == 0 && numbers.Length == blocks * Format.Elements)
        {
            Format.DecodeAll(bytes.Span, numbers);
            return;
        }

        float[] all = new float[blocks * Format.Elements];
        Format.DecodeAll(bytes.Span, all);
        all.AsSpan(skipped, numbers.Length).CopyTo(numbers);
    }
}

/// <summary>A weight that is quantised in a way that is not known here, or whose scales are damaged.</summary>
internal sealed record UnreadableWeight(StoredTensor Tensor, string Reason, bool IsDamaged = false) : StoredWeight(Tensor, Tensor.Info)
{
    /// <inheritdoc/>
    public override string Problem => Reason;

    /// <inheritdoc/>
    public override void Read(IReadOnlyList<TensorFile> files, long first, Span<float> numbers) => throw CheckpointErrors.Unreadable(files[Tensor.File].Path, this);
}
