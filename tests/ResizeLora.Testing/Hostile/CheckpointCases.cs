using CsCheck;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing.Hostile;

/// <summary>Checkpoints for <see cref="ModelLayer.All"/> whose content may be anything.</summary>
internal static class CheckpointCases
{
    private static readonly Gen<SafetensorsDType> Type = Gen.Frequency(
        (6, Gen.OneOf(SafetensorsDType.F16, SafetensorsDType.BF16, SafetensorsDType.F32)),
        (1, Gen.OneOf(SafetensorsDType.F64, SafetensorsDType.F8_E4M3, SafetensorsDType.I64, SafetensorsDType.U8)));

    private static readonly Gen<SampleTensor[]> Layers = Gen.Select(
        Gen.Select(Type, Elements.AnyFilling, Gen.Int, Gen.Frequency((15, Gen.Const(-1)), (5, Gen.Int[0, 6]))).Array[ModelLayer.All.Count],
        choices => ModelLayer.All
            .Zip(choices)
            .Where(pair => pair.First.BaseName is not null)
            .SelectMany(pair => Tensors(pair.First, pair.Second.Item1, pair.Second.Item2, pair.Second.Item3, pair.Second.Item4))
            .ToArray());

    public static Gen<byte[]> Any { get; } = Layers.Select(tensors => SampleTensor.File(tensors, []));

    private static IEnumerable<SampleTensor> Tensors(ModelLayer layer, SafetensorsDType dtype, Filling filling, int seed, int flaw)
    {
        IReadOnlyList<long> shape = layer.BaseShape;
        if (flaw != 0)
        {
            IReadOnlyList<long> given = flaw switch
            {
                1 => [shape[0] + 1, .. shape.Skip(1)],
                2 => [0, .. shape.Skip(1)],
                3 => [shape.Aggregate(1L, (product, size) => product * size)],
                4 => [.. shape, 1, 1],
                _ => shape,
            };
            yield return SampleTensor.Filled(layer.BaseName!, dtype, given, filling, seed);
        }

        // Another tensor whose name means the same layer.
        if (flaw == 5)
            yield return SampleTensor.Filled(layer.BaseName!.Replace(".0.", "_0.", StringComparison.Ordinal), dtype, shape, filling, seed);
        if (flaw == 6)
            yield return SampleTensor.Filled(layer.BaseName! + ".bias", dtype, [shape[0]], filling, seed);
    }
}
