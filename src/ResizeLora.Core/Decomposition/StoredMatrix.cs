using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>A matrix as a file has it: raw little-endian bytes in row order.</summary>
/// <param name="Name">The tensor's name, for messages.</param>
/// <param name="Bytes">Rows · Columns elements.</param>
/// <param name="DType">A convertible element type.</param>
/// <param name="Rows">Rows as stored.</param>
/// <param name="Columns">Columns as stored; for a convolution, input channels times kernel size.</param>
internal sealed record StoredMatrix(string Name, ReadOnlyMemory<byte> Bytes, SafetensorsDType DType, long Rows, long Columns)
{
    /// <summary>Whether the matrix meant is the transpose of what is stored.</summary>
    public bool Transposed { get; init; }
}
