using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>Reads what a layer's tensors hold.</summary>
internal static class LayerReader
{
    /// <exception cref="ResizeLoraException">Reading failed, or alpha is not a finite number.</exception>
    public static LayerContent Read(SafetensorsFile file, AdapterLayer layer)
    {
        PooledBytes? up = null;
        PooledBytes? down = null;
        try
        {
            up = file.Rent(layer.Up);
            down = file.Rent(layer.Down);
            var digest = new ContentDigest();
            digest.Append(up.Span);
            digest.Append(down.Span);
            double alpha = ReadAlpha(file, layer, ref digest);
            return new LayerContent(layer, up, down, alpha, digest.ToString());
        }
        catch
        {
            up?.Dispose();
            down?.Dispose();
            throw;
        }
    }

    /// <summary>The layer's content, if it still is what was decomposed.</summary>
    /// <exception cref="ResizeLoraException">The file has changed, or reading failed.</exception>
    public static LayerContent ReadUnchanged(SafetensorsFile source, DecomposedLayer layer)
    {
        AdapterLayer expected = layer.Source.Layer;
        if (!IsThere(expected.Up) || !IsThere(expected.Down) || (expected.Alpha is { } alpha && !IsThere(alpha)))
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

    private static double ReadAlpha(SafetensorsFile file, AdapterLayer layer, ref ContentDigest digest)
    {
        if (layer.Alpha is null)
            return layer.Rank;

        byte[] bytes = file.Read(layer.Alpha);
        digest.Append(bytes);
        double alpha = ElementCodec.Read(layer.Alpha.DType, bytes);
        return double.IsFinite(alpha) ? alpha : throw LayerFault.NonFinite(file.Path, layer.Name, layer.Alpha.Name);
    }
}
