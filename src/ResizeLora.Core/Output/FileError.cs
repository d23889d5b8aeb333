using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>How far a file is from its input: what is dropped of a layer and what rounding adds are orthogonal, so their squares add up.</summary>
internal static class FileError
{
    /// <summary>The Frobenius norm of what rounding is expected to add to a layer that keeps some singular values.</summary>
    public static double ExpectedRounding(DecomposedLayer layer, IReadOnlyList<int> kept, ElementFormat format)
    {
        // Divided by the largest first: squares leave the range of float64 long before their root does.
        double largest = layer.SpectralNorm > 0 ? layer.SpectralNorm : 1;
        double[] values = [.. kept.Select(index => layer.SingularValues[index] / largest)];
        return largest * Math.Sqrt(RoundingError.Squared(format, values.Length, values.Sum(), values.Sum(value => value * value)));
    }

    /// <summary>‖ΔW − ΔW′‖ of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="kept">Its singular values that are kept.</param>
    /// <param name="rounding">The norm of what rounding adds.</param>
    public static double Of(DecomposedLayer layer, IReadOnlyList<int> kept, double rounding) => double.Hypot(layer.NormWithout(kept), rounding);

    /// <summary>The norm of the layers' errors over that of the layers, each with a weight; null if all weights are 0.</summary>
    public static double? Relative(IReadOnlyList<DecomposedLayer> layers, Func<int, double> errorOf, Func<DecomposedLayer, double> weight)
    {
        (double error, double whole, bool any) = (0, 0, false);
        for (int i = 0; i < layers.Count; i++)
        {
            double factor = weight(layers[i]);
            error = double.Hypot(error, factor * errorOf(i));
            whole = double.Hypot(whole, factor * layers[i].FrobeniusNorm);
            any |= factor > 0;
        }

        return !any ? null : whole > 0 ? error / whole : 0;
    }
}
