namespace ResizeLora.Adapters.Types;

/// <summary>What the shapes of a layer's tensors tell of ΔW.</summary>
/// <param name="Rows">Output features.</param>
/// <param name="InputShape">Input features and, where it is known, the kernel.</param>
/// <param name="Rank">The most that the rank of ΔW can be.</param>
/// <param name="AlphaRank">What alpha is divided by; null where the type does not know alpha.</param>
internal sealed record AdapterShape(long Rows, IReadOnlyList<long> InputShape, long Rank, long? AlphaRank)
{
    /// <summary>
    /// Whether the kernel shows. Some types store a convolution as a flat matrix, and only the base layer knows its kernel.
    /// </summary>
    public bool KnowsKernel { get; init; } = true;

    /// <summary>Input features times kernel size.</summary>
    public long Columns => Product(InputShape);

    /// <summary>The product of some dimensions.</summary>
    public static long Product(IEnumerable<long> sizes) => sizes.Aggregate(1L, (product, size) => checked(product * size));
}
