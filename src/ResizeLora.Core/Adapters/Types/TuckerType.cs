using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>LoCon in Tucker form: ΔW = B · C · A, with the kernel in the core C. C · A becomes the new A.</summary>
internal sealed class TuckerType : AdapterType
{
    public override string Name => "Tucker LoCon";

    protected override IReadOnlyList<TensorRole> Roles => [TensorRole.Up, TensorRole.Down, TensorRole.Mid];

    public override AdapterShape Shape(AdapterTensors tensors)
    {
        long rank = tensors[TensorRole.Up].Shape[1];
        return new AdapterShape(
            tensors[TensorRole.Up].Shape[0],
            [tensors[TensorRole.Down].Shape[1], .. tensors[TensorRole.Mid].Shape.Skip(2)],
            rank,
            tensors[TensorRole.Down].Shape[0]);
    }

    public override WeightChange Read(LayerNumbers numbers, AdapterShape shape, double scale)
    {
        StoredMatrix down = numbers.Store(TuckerCore.Times(numbers.Read(TensorRole.Mid), numbers.Read(TensorRole.Down)));
        return new LayerFactors(numbers.Stored(TensorRole.Up), down, scale);
    }

    protected override string? Problem(AdapterTensors tensors)
    {
        if (!tensors.Has(TensorRole.Up, TensorRole.Down, TensorRole.Mid))
            return "a Tucker decomposition with missing factors";

        TensorInfo up = tensors[TensorRole.Up];
        TensorInfo down = tensors[TensorRole.Down];
        return TuckerCore.Fits(tensors[TensorRole.Mid], up.Shape[1], down.Shape[0]) && IsMatrix(up, up.Shape[0], up.Shape[1]) && IsMatrix(down, down.Shape[0], down.Shape[1])
            ? null
            : $"factors that don't fit each other, of shape {tensors.Shapes(TensorRole.Up, TensorRole.Mid, TensorRole.Down)}";
    }
}

/// <summary>The core of a Tucker form, r × s × kernel: it brings the kernel in between two factors.</summary>
internal static class TuckerCore
{
    /// <summary>Whether a tensor is a core between r columns and s rows.</summary>
    public static bool Fits(TensorInfo core, long r, long s) => core.Shape.Count > 2 && core.Shape[0] == r && core.Shape[1] == s;

    /// <summary>r × (in · kernel) out of the core and a factor of s × in: the sum over s of core[·, s, kernel] · factor[s, in].</summary>
    public static NumberTable Times(NumberTable core, NumberTable factor)
    {
        int kernel = core.Columns / factor.Rows;
        var product = NumberTable.Zeros(core.Rows, checked(factor.Columns * kernel));
        for (int row = 0; row < core.Rows; row++)
        {
            Span<double> target = product.Row(row);
            for (int inner = 0; inner < factor.Rows; inner++)
            {
                ReadOnlySpan<double> taps = core.Row(row).Slice(inner * kernel, kernel);
                ReadOnlySpan<double> inputs = factor.Row(inner);
                for (int input = 0; input < inputs.Length; input++)
                {
                    for (int tap = 0; tap < kernel; tap++)
                        target[input * kernel + tap] += taps[tap] * inputs[input];
                }
            }
        }

        return product;
    }
}
