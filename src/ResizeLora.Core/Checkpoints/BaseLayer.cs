using ResizeLora.Adapters;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The layer of the base checkpoint that an adapter layer modifies: a whole weight, some rows of a fused one, or rows of
/// several, one below the other.
/// </summary>
internal sealed class BaseLayer : IEquatable<BaseLayer>
{
    /// <param name="pieces">Its rows, from top to bottom.</param>
    /// <param name="transposed">Whether the adapter sees the transpose of what is stored.</param>
    public BaseLayer(IReadOnlyList<WeightRows> pieces, bool transposed)
    {
        Pieces = pieces;
        Transposed = transposed;
        Name = string.Join(" + ", pieces.Select(piece => piece.Name));
        Rows = pieces.Sum(piece => piece.Count);
    }

    public IReadOnlyList<WeightRows> Pieces { get; }

    public bool Transposed { get; }

    /// <summary>Unique within a file of the checkpoint, and what users see.</summary>
    public string Name { get; }

    /// <summary>Rows as stored.</summary>
    public long Rows { get; }

    /// <summary>Input features times kernel size, as stored.</summary>
    public long Columns => Pieces[0].Columns;

    /// <summary>Rows and columns as an adapter sees them.</summary>
    public (long Rows, long Columns) Size => Transposed ? (Columns, Rows) : (Rows, Columns);

    /// <summary>Whether an adapter layer has the size of this one.</summary>
    public bool Fits(AdapterLayer layer) => Size == (layer.Rows, layer.Columns);

    /// <summary>
    /// This layer as an adapter layer sees it. PEFT obeys its setting only for modules that can be stored transposed, and the
    /// shape tells where it does.
    /// </summary>
    public BaseLayer SeenBy(AdapterLayer layer) =>
        layer.IsBaseTransposed && !Transposed && (layer.Columns, layer.Rows) == (Rows, Columns)
            ? new BaseLayer(Pieces, transposed: true)
            : this;

    /// <summary>The file that all of it is in; null if it is in several.</summary>
    public int? File => Pieces
        .SelectMany(piece => piece.Weight.Tensors)
        .Select(tensor => tensor.File)
        .Distinct()
        .ToArray() is [int only] ? only : null;

    /// <summary>The weight that can't be read, if there is one.</summary>
    public StoredWeight? Unreadable => Pieces.Select(piece => piece.Weight).FirstOrDefault(weight => weight.Problem is not null);

    /// <summary>The shapes of the tensors that it is from, for messages.</summary>
    public string ShapeText => string.Join(" + ", Pieces.Select(piece => piece.Weight.Info.ShapeText));

    public bool Equals(BaseLayer? other) => other is not null && Transposed == other.Transposed && Pieces.SequenceEqual(other.Pieces);

    public override bool Equals(object? obj) => Equals(obj as BaseLayer);

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}
