using ResizeLora.Benchmarks.Kernels;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>All measurements, in the order of the report.</summary>
internal static class MeasurementList
{
    private static readonly KernelMeasurement Kernels = new();

    /// <summary>What is measured where nothing is named: kernels tell of single layers what the other rows tell of files.</summary>
    public static IReadOnlyList<IMeasurement> Default { get; } =
    [
        new ResizeMeasurement(rank: 128, must: 4),
        new ResizeMeasurement(rank: 32, must: 2.5),
        new VariantsMeasurement(rank: 128, repetitions: 9),
        new VariantsMeasurement(rank: 32, repetitions: 9),
        new NormsMeasurement(),
        new RecipesMeasurement(),
        new MemoryMeasurement(),
        new CompareMeasurement(),
        new ManyFilesMeasurement(),
        new SkipExistingMeasurement(),
        new StagesMeasurement(),
    ];

    public static IReadOnlyList<IMeasurement> All { get; } = [.. Default, Kernels];

    public static IMeasurement? Find(string name) => All.FirstOrDefault(measurement => measurement.Name == name);
}
