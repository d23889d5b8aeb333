using ResizeLora.Benchmarks.Baseline;
using ResizeLora.Benchmarks.Machine;
using ResizeLora.Benchmarks.Ours;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Checkpoints;
using ResizeLora.Norms;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>How far spectral norms are from the exact ones, on a sample of which half is Gaussian noise, the hard case.</summary>
internal static class NormsAccuracy
{
    private const int LayersOfEachKind = 6;
    private const double Must = 1e-4;

    // The exact decomposition of a larger layer takes a minute.
    private const long LargestLayer = 1280 * 1280;

    public static ReportRow Measure(Workplace workplace, string lora)
    {
        // Without a cache: what is there may be from an earlier version.
        using BaseCheckpoint checkpoint = BaseCheckpoint.Open(workplace.Files.Checkpoint, cacheFolder: null, new Silence(), CancellationToken.None);
        using SafetensorsFile file = SafetensorsFile.Open(checkpoint.Path);
        List<BaseLayer> sample = Sample(PairedLayers.BaseLayersOf(lora, checkpoint));
        var exact = new List<double>();
        var baseline = new List<double>();
        LibTorch.OnAllProcessors(() =>
        {
            foreach (BaseLayer layer in sample)
            {
                exact.Add(Exact(file, layer));
                baseline.Add(BaselineNorms.Of(file, layer).Spectral);
            }
        });
        double baselineError = LargestError(baseline, exact);
        var norms = new BaseNorms(checkpoint, cache: null);
        double ourError = LargestError(sample.Select(layer => norms.Of(layer, workplace.Engine, CancellationToken.None).Spectral), exact);
        return new ReportRow(
            $"largest relative error of spectral norms, {sample.Count} layers, {sample.Count(IsGaussian)} of them Gaussian",
            Units.Error(baselineError),
            Units.Error(ourError),
            Units.Ratio(baselineError / ourError),
            $"≤ {Must:0e+0}",
            ourError <= Must,
            "",
            1);
    }

    private static double LargestError(IEnumerable<double> values, IEnumerable<double> exact) =>
        values.Zip(exact, (value, truth) => Math.Abs(value - truth) / truth).Max();

    private static double Exact(SafetensorsFile file, BaseLayer layer)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = TensorInput.Read(file, layer.Pieces[0].Weight.Info, layer.Pieces[0].First, layer.Rows, layer.Columns, ScalarType.Float64);
        return linalg.svdvals(weight).max().item<double>();
    }

    private static List<BaseLayer> Sample(IEnumerable<BaseLayer> layers)
    {
        ILookup<bool, BaseLayer> kinds = layers
            .Where(layer => layer.Rows * layer.Columns <= LargestLayer)
            .OrderBy(layer => layer.Rows * layer.Columns)
            .ToLookup(IsGaussian);
        return [.. Spread([.. kinds[true]]), .. Spread([.. kinds[false]])];
    }

    /// <summary>Some of a list, evenly spaced.</summary>
    private static IEnumerable<BaseLayer> Spread(List<BaseLayer> layers)
    {
        int count = Math.Min(LayersOfEachKind, layers.Count);
        return Enumerable.Range(0, count).Select(i => layers[i * layers.Count / count]);
    }

    private static bool IsGaussian(BaseLayer layer) => SdxlSample.IsGaussian(layer.Pieces[0].Weight.Info.Name);
}
