using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>A full weight: ΔW as it is, without alpha.</summary>
internal sealed class FullWeightType : AdapterType
{
    public override string Name => "full weight";

    protected override IReadOnlyList<TensorRole> Roles => [TensorRole.Diff];

    public override AdapterShape Shape(AdapterTensors tensors)
    {
        TensorInfo diff = tensors[TensorRole.Diff];
        return new AdapterShape(diff.Shape[0], [.. diff.Shape.Skip(1)], Math.Min(diff.Shape[0], diff.ElementCount / diff.Shape[0]), null);
    }

    public override WeightChange Read(LayerNumbers numbers, AdapterShape shape, double scale) =>
        LayerFactors.Of(numbers.Stored(TensorRole.Diff), scale);

    protected override string? Problem(AdapterTensors tensors) => null;
}
