namespace ResizeLora.Checkpoints;

/// <summary>Some rows of a stored weight, flattened to out × (in·kernel).</summary>
/// <param name="Weight">The weight.</param>
/// <param name="First">The first row.</param>
/// <param name="Count">How many rows.</param>
internal sealed record WeightRows(StoredWeight Weight, long First, long Count)
{
    /// <summary>All rows of a weight.</summary>
    public static WeightRows AllOf(StoredWeight weight) => new(weight, 0, weight.Info.Shape[0]);

    public long Columns => Weight.Info.ElementCount / Weight.Info.Shape[0];

    /// <summary>The tensor, with the rows as in Python where it is not all of them.</summary>
    public string Name => Count == Weight.Info.Shape[0] ? Weight.Info.Name : $"{Weight.Info.Name}[{First}:{First + Count}]";

    /// <summary>Some of these rows.</summary>
    public WeightRows Slice(long first, long count) => this with { First = First + first, Count = count };
}
