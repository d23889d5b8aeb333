using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;
using ResizeLora.Engine;

namespace ResizeLora.Output;

/// <summary>
/// DoRA's magnitudes for outputs. A weight with the adapter is m · (W + ΔW) / ‖W + ΔW‖: what W and ΔW are multiplied by is
/// m / ‖W + ΔW‖. That must not change when ΔW does, so the new m is m · ‖W + ΔW'‖ / ‖W + ΔW‖.
/// </summary>
internal sealed class DoraMagnitudes(INumericEngine engine, BaseCheckpoint checkpoint)
{
    /// <summary>The magnitudes that go with each of several new ΔW.</summary>
    /// <exception cref="ResizeLoraException">The base layer can't be read, or contains NaN or infinity.</exception>
    public IReadOnlyList<double[]> Of(DecomposedLayer layer, LayerContent content, IReadOnlyList<LayerFactors> changes)
    {
        long group = layer.Source.Layer.Magnitude!.GroupSize;
        return LayerWork.RunOnBase(checkpoint.Path, () => checkpoint.Read(layer.Source.BaseLayer!, weight =>
        {
            double[] before = engine.MergedNorms(weight, content.Factors, group);
            return changes.Select(change => Scaled(content.Magnitudes, before, engine.MergedNorms(weight, change, group))).ToArray();
        }));
    }

    /// <summary>Where W + ΔW is zero, the magnitude stays as it is.</summary>
    private static double[] Scaled(ReadOnlySpan<double> magnitudes, double[] before, double[] after)
    {
        double[] scaled = new double[magnitudes.Length];
        for (int i = 0; i < scaled.Length; i++)
            scaled[i] = before[i] > 0 ? magnitudes[i] * (after[i] / before[i]) : magnitudes[i];
        return scaled;
    }
}
