using BenchmarkDotNet.Mathematics;
using ResizeLora.Adapters;
using ResizeLora.Benchmarks.Machine;
using ResizeLora.Benchmarks.Ours;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Safetensors;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>How far each stage is from what the machine could do at best.</summary>
internal sealed class StagesMeasurement : IMeasurement
{
    private static readonly int[] Ranks = [128, 32];

    private static readonly string[] Columns = ["stage", "reading", "hashing", "arithmetic", "disk", "floor", "measured", "multiple"];

    public string Name => "stages";

    public string Description => "each stage against its floor";

    public void Run(Workplace workplace, Report report)
    {
        MachineSpeed? speed = null;
        foreach (int rank in Ranks)
        {
            string lora = workplace.Files.Lora(rank);
            speed ??= MeasureSpeed(workplace, lora);
            report.AddTable(
                $"Stages of a LoRA of rank {rank}, norms cached; floors at {speed.Description}:",
                Columns,
                Stages(workplace, lora, speed));
        }
    }

    private static MachineSpeed MeasureSpeed(Workplace workplace, string lora)
    {
        using TemporaryFolder folder = workplace.Files.TemporaryFolder();
        return MachineSpeed.Measure(lora, folder.Path);
    }

    private static IEnumerable<IReadOnlyList<string>> Stages(Workplace workplace, string lora, MachineSpeed speed)
    {
        ResizeRecipe recipe = workplace.Survey(lora).Thirds[0];
        int repetitions = workplace.Repetitions(3);
        List<StageTimes> times = [.. Enumerable.Range(0, repetitions + 1).Select(_ => Resize(workplace, lora, recipe, null)).Skip(1)];
        FileWork work = null!;
        Resize(workplace, lora, recipe, output => work = FileWork.Of(lora, output));
        double allHashing = speed.Hashing * Environment.ProcessorCount;
        yield return Stage("decompose all layers, hash the LoRA alongside", run => run.Decomposing, work.Bytes / speed.Reading, work.Bytes / allHashing, work.GramOperations / speed.Arithmetic, 0);
        yield return Stage("select and plan", run => run.Planning, 0, 0, 0, 0);
        yield return Stage("build and write all factors, hash them alongside", run => run.Writing, work.Bytes / speed.Reading, work.OutputBytes / allHashing, work.FactorOperations / speed.Arithmetic, 0);
        yield return Stage("flush to disk and rename", run => run.Finishing, 0, 0, 0, work.OutputBytes / speed.Writing);

        IReadOnlyList<string> Stage(string name, Func<StageTimes, double> seconds, double reading, double hashing, double arithmetic, double disk)
        {
            double floor = reading + hashing + arithmetic + disk;
            double measured = new Statistics(times.Select(seconds)).Median;
            return
            [
                name,
                .. new[] { reading, hashing, arithmetic, disk, floor, measured }.Select(value => value > 0 ? Units.Seconds(value) : ""),
                floor > 0 ? Units.Ratio(measured / floor) : "",
            ];
        }
    }

    private static StageTimes Resize(Workplace workplace, string lora, ResizeRecipe recipe, Action<string>? look)
    {
        using TemporaryFolder outputs = workplace.Files.TemporaryFolder();
        var times = new StageTimes();
        IReadOnlyList<ResizeResult> results = workplace.Product().Resize([lora], [recipe], outputs.Path, times);
        times.Finish();
        look?.Invoke(results[0].Path);
        return times;
    }

    /// <summary>The work that no way of doing it can save.</summary>
    /// <param name="Bytes">Of the LoRA.</param>
    /// <param name="OutputBytes">Of the output.</param>
    /// <param name="GramOperations">Of the products BᵀB and AAᵀ, with which every way to σ through r × r matrices begins, or with something dearer.</param>
    /// <param name="FactorOperations">Of the products that make the new factors out of the old ones.</param>
    private sealed record FileWork(double Bytes, double OutputBytes, double GramOperations, double FactorOperations)
    {
        public static FileWork Of(string lora, string output)
        {
            IReadOnlyList<AdapterLayer> layers = Layers(lora, out long bytes);
            Dictionary<string, long> ranks = Layers(output, out long outputBytes).ToDictionary(layer => layer.Name, layer => layer.Rank, StringComparer.Ordinal);
            return new FileWork(
                bytes,
                outputBytes,
                layers.Sum(layer => 2.0 * layer.Rank * layer.Rank * (layer.Rows + layer.Columns)),
                layers.Sum(layer => 2.0 * layer.Rank * ranks.GetValueOrDefault(layer.Name) * (layer.Rows + layer.Columns)));
        }

        private static IReadOnlyList<AdapterLayer> Layers(string path, out long length)
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            length = file.Length;
            return AdapterContents.Read(file.Header, path).Layers;
        }
    }
}
