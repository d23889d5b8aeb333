using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>ΔW in the form in which it is cheapest to decompose; each form says how the numeric work on it is done.</summary>
/// <param name="Scale">The factor of the product.</param>
internal abstract record WeightChange(double Scale)
{
    /// <inheritdoc cref="INumericEngine.Decompose"/>
    public abstract LayerDecomposition Decompose(INumericEngine engine);

    /// <inheritdoc cref="INumericEngine.SubspaceNorms"/>
    public abstract double[] SubspaceNorms(INumericEngine engine, SingularBasis? basis, StoredMatrix weight);

    /// <inheritdoc cref="INumericEngine.Truncate"/>
    public abstract IReadOnlyList<TruncatedFactors> Truncate(INumericEngine engine, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests);

    /// <summary>ΔW as a product of two factors.</summary>
    /// <param name="store">Takes over a table that was made for it, and makes a matrix of it.</param>
    public abstract LayerFactors ToFactors(Func<NumberTable, StoredMatrix> store);
}

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

    /// <summary>Some rows of ΔW.</summary>
    public LayerFactors Rows(long first, long count) =>
        count == Up.Rows ? this
        : Up.IsIdentity ? Of(Down.Slice(first, count), Scale)
        : this with { Up = Up.Slice(first, count) };

    /// <inheritdoc/>
    public override LayerDecomposition Decompose(INumericEngine engine) => engine.Decompose(this);

    /// <inheritdoc/>
    public override double[] SubspaceNorms(INumericEngine engine, SingularBasis? basis, StoredMatrix weight) => engine.SubspaceNorms(this, basis, weight);

    /// <inheritdoc/>
    public override IReadOnlyList<TruncatedFactors> Truncate(INumericEngine engine, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests) => engine.Truncate(this, basis, requests);

    /// <inheritdoc/>
    public override LayerFactors ToFactors(Func<NumberTable, StoredMatrix> store) => this;
}
