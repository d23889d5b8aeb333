using ResizeLora.Engine;

namespace ResizeLora.Adapters.Types;

/// <summary>LoRA and LoCon: ΔW = B · A, the kernel in A. Both are decomposed as they are stored.</summary>
internal sealed class LoraType : AdapterType
{
    public override string Name => "LoRA";

    protected override IReadOnlyList<TensorRole> Roles => [TensorRole.Up, TensorRole.Down];

    public override AdapterShape Shape(AdapterTensors tensors)
    {
        long rank = tensors[TensorRole.Down].Shape[0];
        return new AdapterShape(tensors[TensorRole.Up].Shape[0], [.. tensors[TensorRole.Down].Shape.Skip(1)], rank, rank);
    }

    public override WeightChange Read(LayerNumbers numbers, AdapterShape shape, double scale) =>
        new LayerFactors(numbers.Stored(TensorRole.Up), numbers.Stored(TensorRole.Down), scale);

    protected override string? Problem(AdapterTensors tensors)
    {
        if (!tensors.Has(TensorRole.Up, TensorRole.Down))
            return $"half a pair: the {(tensors.Has(TensorRole.Up) ? "down" : "up")} factor is missing";

        IReadOnlyList<long> up = tensors[TensorRole.Up].Shape;
        IReadOnlyList<long> down = tensors[TensorRole.Down].Shape;
        if (up.Count != down.Count)
            return $"factors of shape {tensors.Shapes(TensorRole.Up, TensorRole.Down)}";
        if (up[1] != down[0])
            return $"factors that don't fit each other, of shape {tensors.Shapes(TensorRole.Up, TensorRole.Down)}";
        return up.Skip(2).Any(size => size != 1) ? $"an up factor with a kernel, of shape {tensors.Shapes(TensorRole.Up)}" : null;
    }
}
