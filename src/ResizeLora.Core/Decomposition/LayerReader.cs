using System.Text;
using ResizeLora.Adapters;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>Reads what a layer's tensors hold.</summary>
internal static class LayerReader
{
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

            // An alpha outside of the tensors is part of ΔW too.
            if (layer.HeaderAlpha is { } headerAlpha)
                digest.Append(Encoding.UTF8.GetBytes(headerAlpha.ToString()));

            double? alpha = ReadAlpha(file, layer, numbers);
            double scale = layer.HeaderAlpha?.Scale(layer.Rank) ?? layer.Type.Scale(layer.Shape, alpha);
            WeightChange change = layer.Type.Read(numbers, layer.Shape, scale);
            return new LayerContent(numbers, change, alpha ?? layer.HeaderAlpha?.Alpha ?? layer.Shape.AlphaRank ?? layer.Rank, digest.ToString());
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
            throw LayerFault.Changed(source.Path, layer.Name);

        LayerContent content = Read(source, expected);
        if (string.Equals(content.Digest, layer.Source.Digest, StringComparison.Ordinal))
            return content;

        content.Dispose();
        throw LayerFault.Changed(source.Path, layer.Name);

        bool IsThere(TensorInfo tensor) =>
            source.Header.Find(tensor.Name) is { } found
            && found.DType == tensor.DType && found.Begin == tensor.Begin && found.Shape.SequenceEqual(tensor.Shape);
    }

    private static double? ReadAlpha(SafetensorsFile file, AdapterLayer layer, LayerNumbers numbers)
    {
        if (layer.Alpha is not { } tensor)
            return null;

        double alpha = numbers.ReadScalar(TensorRole.Alpha);
        return double.IsFinite(alpha) ? alpha : throw LayerFault.NonFinite(file.Path, layer.Name, tensor.Name);
    }
}
