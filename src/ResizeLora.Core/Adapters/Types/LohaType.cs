using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>
/// LoHa: ΔW = (B₁·A₁) ∘ (B₂·A₂), entry by entry. That has rank r₁·r₂ at most: ΔW = B·A, where the rows of B and the
/// columns of A are the Kronecker products of those of the factors. Where r₁·r₂ is beyond both sides, ΔW itself is less.
/// </summary>
internal sealed class LohaType : AdapterType
{
    private static readonly Half First = new(TensorRole.HadaW1A, TensorRole.HadaW1B, TensorRole.HadaT1);
    private static readonly Half Second = new(TensorRole.HadaW2A, TensorRole.HadaW2B, TensorRole.HadaT2);

    public override string Name => "LoHa";

    protected override IReadOnlyList<TensorRole> Roles => [.. First.Roles, .. Second.Roles];

    public override AdapterShape Shape(AdapterTensors tensors)
    {
        (long rows, long[] input, long rank) = First.Shape(tensors);
        long columns = AdapterShape.Product(input);
        return new AdapterShape(rows, input, Math.Min(rank * Second.Shape(tensors).Rank, Math.Min(rows, columns)), tensors[First.Right].Shape[0])
        {
            KnowsKernel = input.Length > 1,
        };
    }

    public override WeightChange Read(LayerNumbers numbers, AdapterShape shape, double scale)
    {
        (NumberTable up1, NumberTable down1) = First.Read(numbers);
        (NumberTable up2, NumberTable down2) = Second.Read(numbers);
        if ((long)up1.Columns * up2.Columns <= Math.Min(shape.Rows, shape.Columns))
            return new LayerFactors(numbers.Store(ProductsOfRows(up1, up2)), numbers.Store(ProductsOfColumns(down1, down2)), scale);

        NumberTable weight = NumberTable.Product(up1, down1);
        StoredMatrix stored = numbers.Store(weight);
        using NumberTable other = NumberTable.Product(up2, down2);
        Span<double> left = weight.Numbers;
        ReadOnlySpan<double> right = other.Numbers;
        for (int i = 0; i < right.Length; i++)
            left[i] *= right[i];
        return LayerFactors.Of(stored, scale);
    }

    protected override string? Problem(AdapterTensors tensors)
    {
        if (!tensors.Has(First.Left, First.Right, Second.Left, Second.Right))
            return "a LoHa with missing factors";

        if (tensors.Has(First.Core) != tensors.Has(Second.Core))
            return "a LoHa with a kernel in only one half";

        return First.Fits(tensors) && Second.Fits(tensors)
            && First.Shape(tensors).Rows == Second.Shape(tensors).Rows
            && First.Shape(tensors).Input.SequenceEqual(Second.Shape(tensors).Input)
            ? null
            : $"factors that don't fit each other, of shape {tensors.Shapes([.. First.Roles, .. Second.Roles])}";
    }

    /// <summary>Row i contains the products of row i of both.</summary>
    private static NumberTable ProductsOfRows(NumberTable left, NumberTable right)
    {
        var products = new NumberTable(left.Rows, left.Columns * right.Columns);
        for (int row = 0; row < left.Rows; row++)
        {
            Span<double> target = products.Row(row);
            ReadOnlySpan<double> factors = right.Row(row);
            for (int i = 0; i < left.Columns; i++)
            {
                for (int j = 0; j < factors.Length; j++)
                    target[i * factors.Length + j] = left.Row(row)[i] * factors[j];
            }
        }

        return products;
    }

    /// <summary>Every row of the one times every row of the other, entry by entry.</summary>
    private static NumberTable ProductsOfColumns(NumberTable left, NumberTable right)
    {
        var products = new NumberTable(left.Rows * right.Rows, left.Columns);
        for (int row = 0; row < products.Rows; row++)
        {
            Span<double> target = products.Row(row);
            ReadOnlySpan<double> first = left.Row(row / right.Rows);
            ReadOnlySpan<double> second = right.Row(row % right.Rows);
            for (int i = 0; i < target.Length; i++)
                target[i] = first[i] * second[i];
        }

        return products;
    }

    /// <summary>One of the two matrices: out × r times r × in, or, with a core, r × out, r × s × kernel and s × in.</summary>
    private sealed record Half(TensorRole Left, TensorRole Right, TensorRole Core)
    {
        public TensorRole[] Roles => [Left, Right, Core];

        public bool Fits(AdapterTensors tensors)
        {
            TensorInfo left = tensors[Left];
            TensorInfo right = tensors[Right];
            return tensors.Find(Core) is { } core
                ? TuckerCore.Fits(core, left.Shape[0], right.Shape[0]) && left.Shape.Count == 2 && right.Shape.Count == 2
                : left.Shape.Count == 2 && left.Shape[1] == right.Shape[0];
        }

        public (long Rows, long[] Input, long Rank) Shape(AdapterTensors tensors) => tensors.Find(Core) is { } core
            ? (tensors[Left].Shape[1], [tensors[Right].Shape[1], .. core.Shape.Skip(2)], tensors[Left].Shape[0])
            : (tensors[Left].Shape[0], [.. tensors[Right].Shape.Skip(1)], tensors[Left].Shape[1]);

        /// <summary>out × r and r × (in · kernel).</summary>
        public (NumberTable Up, NumberTable Down) Read(LayerNumbers numbers)
        {
            NumberTable left = numbers.Read(Left);
            NumberTable right = numbers.Read(Right);
            return numbers.Has(Core)
                ? (numbers.Keep(left.Transpose()), numbers.Keep(TuckerCore.Times(numbers.Read(Core), right)))
                : (left, right);
        }
    }
}
