using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>LoKr: ΔW = W₁ ⊗ W₂, each of them whole or a product of two factors, the kernel in W₂ or in a core of it.</summary>
internal sealed class LokrType : AdapterType
{
    /// <summary>Trainers write 1e10 for "no alpha".</summary>
    private const double NoAlpha = 1e9;

    private static readonly TensorRole[] First = [TensorRole.LokrW1, TensorRole.LokrW1A, TensorRole.LokrW1B];
    private static readonly TensorRole[] Second = [TensorRole.LokrW2, TensorRole.LokrW2A, TensorRole.LokrW2B, TensorRole.LokrT2];

    public override string Name => "LoKr";

    protected override IReadOnlyList<TensorRole> Roles => [.. First, .. Second];

    public override AdapterShape Shape(AdapterTensors tensors)
    {
        (long rows1, long[] input1, long rank1) = ShapeOfFirst(tensors);
        (long rows2, long[] input2, long rank2) = ShapeOfSecond(tensors);
        return new AdapterShape(rows1 * rows2, [input1[0] * input2[0], .. input2.Skip(1)], rank1 * rank2, AlphaRank(tensors))
        {
            KnowsKernel = input2.Length > 1,
        };
    }

    public override double Scale(AdapterShape shape, double? alpha) => alpha >= NoAlpha ? 1 : base.Scale(shape, alpha);

    public override WeightChange Read(LayerNumbers numbers, AdapterShape shape, double scale)
    {
        LayerFactors first = numbers.Has(TensorRole.LokrW1)
            ? LayerFactors.Of(numbers.Stored(TensorRole.LokrW1), 1)
            : new LayerFactors(numbers.Stored(TensorRole.LokrW1A), numbers.Stored(TensorRole.LokrW1B), 1);
        return new KroneckerFactors(first, ReadSecond(numbers), scale);
    }

    protected override string? Problem(AdapterTensors tensors)
    {
        if (!IsWholeOrProduct(tensors, TensorRole.LokrW1, TensorRole.LokrW1A, TensorRole.LokrW1B)
            || !IsWholeOrProduct(tensors, TensorRole.LokrW2, TensorRole.LokrW2A, TensorRole.LokrW2B)
            || (tensors.Has(TensorRole.LokrT2) && tensors.Has(TensorRole.LokrW2)))
            return "a LoKr with missing or extra factors";

        bool fits = First.Select(tensors.Find).OfType<TensorInfo>().All(tensor => tensor.Shape.Count == 2)
            && (tensors.Has(TensorRole.LokrW1) || tensors[TensorRole.LokrW1A].Shape[1] == tensors[TensorRole.LokrW1B].Shape[0])
            && (tensors.Has(TensorRole.LokrW2) || SecondFits(tensors));
        return fits ? null : $"factors that don't fit each other, of shape {tensors.Shapes([.. First, .. Second])}";
    }

    private static bool IsWholeOrProduct(AdapterTensors tensors, TensorRole whole, TensorRole left, TensorRole right) =>
        tensors.Has(whole) ? !tensors.HasAny(left, right) : tensors.Has(left, right);

    private static bool SecondFits(AdapterTensors tensors)
    {
        TensorInfo left = tensors[TensorRole.LokrW2A];
        TensorInfo right = tensors[TensorRole.LokrW2B];
        return tensors.Find(TensorRole.LokrT2) is { } core
            ? TuckerCore.Fits(core, left.Shape[0], right.Shape[0]) && left.Shape.Count == 2 && right.Shape.Count == 2
            : left.Shape.Count == 2 && left.Shape[1] == right.Shape[0];
    }

    /// <summary>Whole matrices know no alpha: it is only divided by the rank of products.</summary>
    private static long? AlphaRank(AdapterTensors tensors) =>
        (tensors.Find(TensorRole.LokrW2B) ?? tensors.Find(TensorRole.LokrW1B))?.Shape[0];

    private static (long Rows, long[] Input, long Rank) ShapeOfFirst(AdapterTensors tensors) => tensors.Find(TensorRole.LokrW1) is { } whole
        ? WithRank(whole.Shape[0], [whole.Shape[1]], long.MaxValue)
        : WithRank(tensors[TensorRole.LokrW1A].Shape[0], [tensors[TensorRole.LokrW1B].Shape[1]], tensors[TensorRole.LokrW1B].Shape[0]);

    private static (long Rows, long[] Input, long Rank) ShapeOfSecond(AdapterTensors tensors)
    {
        if (tensors.Find(TensorRole.LokrW2) is { } whole)
            return WithRank(whole.Shape[0], [.. whole.Shape.Skip(1)], long.MaxValue);

        TensorInfo left = tensors[TensorRole.LokrW2A];
        TensorInfo right = tensors[TensorRole.LokrW2B];
        return tensors.Find(TensorRole.LokrT2) is { } core
            ? WithRank(left.Shape[1], [right.Shape[1], .. core.Shape.Skip(2)], left.Shape[0])
            : WithRank(left.Shape[0], [.. right.Shape.Skip(1)], right.Shape[0]);
    }

    private static (long Rows, long[] Input, long Rank) WithRank(long rows, long[] input, long rank) =>
        (rows, input, Math.Min(rank, Math.Min(rows, AdapterShape.Product(input))));

    private static LayerFactors ReadSecond(LayerNumbers numbers)
    {
        if (numbers.Has(TensorRole.LokrW2))
            return LayerFactors.Of(numbers.Stored(TensorRole.LokrW2), 1);

        if (!numbers.Has(TensorRole.LokrT2))
            return new LayerFactors(numbers.Stored(TensorRole.LokrW2A), numbers.Stored(TensorRole.LokrW2B), 1);

        StoredMatrix down = numbers.Store(TuckerCore.Times(numbers.Read(TensorRole.LokrT2), numbers.Read(TensorRole.LokrW2B)));
        return new LayerFactors(numbers.Store(numbers.Read(TensorRole.LokrW2A).Transpose()), down, 1);
    }
}
