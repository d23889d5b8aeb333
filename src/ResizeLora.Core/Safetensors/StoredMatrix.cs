namespace ResizeLora.Safetensors;

/// <summary>A matrix as a file has it: raw little-endian bytes in row order.</summary>
/// <param name="Name">The tensor's name, for messages.</param>
/// <param name="Bytes">Rows · Columns elements; none for the identity.</param>
/// <param name="DType">A convertible element type.</param>
/// <param name="Rows">Rows as stored.</param>
/// <param name="Columns">Columns as stored; for a convolution, input channels times kernel size.</param>
internal sealed record StoredMatrix(string Name, ReadOnlyMemory<byte> Bytes, SafetensorsDType DType, long Rows, long Columns)
{
    /// <summary>How its elements are stored.</summary>
    public ElementFormat Format => ElementFormat.Of(DType);

    /// <summary>Whether the matrix meant is the transpose of what is stored.</summary>
    public bool Transposed { get; init; }

    /// <summary>Whether it is the identity, which takes no bytes.</summary>
    public bool IsIdentity { get; private init; }

    /// <summary>Some of the rows that are stored; not of the identity, which has none.</summary>
    public StoredMatrix Slice(long first, long count)
    {
        int rowBytes = (int)Columns * Format.Size;
        return this with { Bytes = Bytes.Slice((int)first * rowBytes, (int)count * rowBytes), Rows = count };
    }

    /// <summary>The identity.</summary>
    public static StoredMatrix Identity(long size) =>
        new("identity", ReadOnlyMemory<byte>.Empty, SafetensorsDType.F64, size, size) { IsIdentity = true };
}

/// <summary>A tensor contains NaN or infinity, so that nothing computed from it would mean anything.</summary>
internal sealed class NonFiniteException(string tensorName) : Exception($"Tensor '{tensorName}' contains NaN or infinity.")
{
    public string TensorName { get; } = tensorName;
}
