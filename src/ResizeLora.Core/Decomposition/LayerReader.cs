using ResizeLora.Adapters;
using ResizeLora.Adapters.Peft;
using ResizeLora.Adapters.Types;
using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>Reads what a layer's tensors hold.</summary>
internal static class LayerReader
{
    /// <summary>How far numbers are apart in bfloat16, which alphas may be stored in.</summary>
    private const double CoarsestStep = 1 / 128.0;

    /// <exception cref="ResizeLoraException">Reading failed, or alpha is not a finite number.</exception>
    /// <exception cref="NonFiniteException">A number that ΔW is made of is not finite.</exception>
    public static LayerContent Read(SafetensorsFile file, AdapterLayer layer)
    {
        var contents = new Dictionary<TensorRole, PooledBytes>();
        var numbers = new LayerNumbers(layer.Tensors, contents);
        try
        {
            var digest = new ContentDigest();
            foreach (TensorRole role in layer.Tensors.Roles)
            {
                PooledBytes bytes = file.Rent(layer.Tensors[role]);
                contents.Add(role, bytes);
                digest.Append(bytes.Span);
            }

            // What is recorded outside the tensors is part of ΔW too.
            if (layer.Configured is { } configured)
                digest.Append(BitConverter.GetBytes(configured.Scale));

            double? alpha = ReadAlpha(file, layer, numbers);
            double scale = layer.Configured?.Scale ?? layer.Type.Scale(layer.Shape, alpha);
            if (layer.Configured is not null && alpha is not null)
                EnsureSameScale(file, layer, layer.Configured, alpha.Value);

            WeightChange change = layer.Type.Read(numbers, layer.Shape, scale);
            return new LayerContent(numbers, change, layer.Configured?.Alpha ?? alpha ?? layer.Shape.AlphaRank ?? layer.Rank, digest.ToString());
        }
        catch
        {
            numbers.Dispose();
            throw;
        }
    }

    /// <summary>The layer's content, if it still is what was decomposed.</summary>
    /// <exception cref="ResizeLoraException">The file has changed, or reading failed.</exception>
    public static LayerContent ReadUnchanged(SafetensorsFile source, DecomposedLayer layer)
    {
        AdapterLayer expected = layer.Source.Layer;
        if (!expected.Tensors.All.All(IsThere))
            throw LayerErrors.Changed(source.Path, layer.Name);

        LayerContent content = Read(source, expected);
        if (string.Equals(content.Digest, layer.Source.Digest, StringComparison.Ordinal))
            return content;

        content.Dispose();
        throw LayerErrors.Changed(source.Path, layer.Name);

        bool IsThere(TensorInfo tensor) =>
            source.Header.Find(tensor.Name) is { } found
            && found.DType == tensor.DType && found.Begin == tensor.Begin && found.Shape.SequenceEqual(tensor.Shape);
    }

    /// <summary>Some loaders obey the tensor, others the configuration.</summary>
    private static void EnsureSameScale(SafetensorsFile file, AdapterLayer layer, ConfiguredAlpha configured, double alpha)
    {
        double scale = layer.Type.Scale(layer.Shape, alpha);
        if (Math.Abs(scale - configured.Scale) > CoarsestStep * Math.Abs(configured.Scale))
            throw PeftErrors.ScaleDiffers(file.Path, layer.Name, configured.Place, configured.Scale, $"the tensor '{DisplayText.Of(layer.Alpha!.Name)}'", scale);
    }

    private static double? ReadAlpha(SafetensorsFile file, AdapterLayer layer, LayerNumbers numbers)
    {
        if (layer.Alpha is not { } tensor)
            return null;

        double alpha = numbers.ReadScalar(TensorRole.Alpha);
        return double.IsFinite(alpha) ? alpha : throw LayerErrors.NonFinite(file.Path, layer.Name, tensor.Name);
    }
}
