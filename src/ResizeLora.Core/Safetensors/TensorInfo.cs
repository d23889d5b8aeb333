namespace ResizeLora.Safetensors;

/// <summary>One tensor of a file: what the header says of it.</summary>
/// <param name="Name">Its unique name.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Begin">Offset of its first byte, counted from the end of the header.</param>
/// <param name="End">Offset after its last byte.</param>
internal record TensorInfo(string Name, SafetensorsDType DType, IReadOnlyList<long> Shape, long Begin, long End)
{
    private const int MostShown = 8;

    public long ByteCount => End - Begin;

    public long ElementCount => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>The shape for messages; a header may give it a million dimensions.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape.Take(MostShown))}{(Shape.Count > MostShown ? ", …" : string.Empty)}]";
}

/// <summary>A tensor that is to be written.</summary>
internal sealed record TensorSpec(string Name, SafetensorsDType DType, IReadOnlyList<long> Shape);
