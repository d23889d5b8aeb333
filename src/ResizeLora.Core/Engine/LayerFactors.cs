using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>ΔW = Scale · Up · Down, with Up of m × r and Down of r × n.</summary>
internal sealed record LayerFactors(StoredMatrix Up, StoredMatrix Down, double Scale) : WeightChange(Scale)
{
    /// <summary>The weight, where ΔW is one that has no factors: the other one is the identity.</summary>
    public StoredMatrix? Dense => Up.IsIdentity ? Down : Down.IsIdentity ? Up : null;

    /// <summary>The number of singular values.</summary>
    public int Count => (int)Math.Min(Up.Columns, Math.Min(Up.Rows, Down.Columns));

    /// <summary>ΔW = Scale · weight.</summary>
    public static LayerFactors Of(StoredMatrix weight, double scale) => weight.Rows <= weight.Columns
        ? new LayerFactors(StoredMatrix.Identity(weight.Rows), weight, scale)
        : new LayerFactors(weight, StoredMatrix.Identity(weight.Columns), scale);
}
