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
            return "a Tucker form without all of its factors";

        TensorInfo up = tensors[TensorRole.Up];
        TensorInfo down = tensors[TensorRole.Down];
        return TuckerCore.Fits(tensors[TensorRole.Mid], up.Shape[1], down.Shape[0]) && IsMatrix(up, up.Shape[0], up.Shape[1]) && IsMatrix(down, down.Shape[0], down.Shape[1])
            ? null
            : $"factors that don't fit each other, of shape {tensors.Shapes(TensorRole.Up, TensorRole.Mid, TensorRole.Down)}";
    }
}
