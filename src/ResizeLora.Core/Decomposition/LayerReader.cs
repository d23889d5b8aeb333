using System.Security.Cryptography;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>The content of one LoRA layer, read from its file.</summary>
/// <param name="Factors">ΔW as scaled factors.</param>
/// <param name="Alpha">Alpha; the rank where the file has none.</param>
/// <param name="Digest">SHA-256 over the bytes of the layer's tensors.</param>
internal sealed record LayerContent(LayerFactors Factors, double Alpha, string Digest);

internal static class LayerReader
{
    /// <exception cref="ResizeLoraException">Reading failed, or alpha is not a finite number.</exception>
    public static LayerContent Read(SafetensorsFile file, AdapterLayer layer)
    {
        byte[] up = file.Read(layer.Up);
        byte[] down = file.Read(layer.Down);
        byte[] alphaBytes = layer.Alpha is null ? [] : file.Read(layer.Alpha);
        double alpha = layer.Alpha is null ? layer.Rank : ElementCodec.Read(layer.Alpha.DType, alphaBytes);
        if (!double.IsFinite(alpha))
            throw LayerFault.NonFinite(file.Path, layer.Name, layer.Alpha!.Name);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(up);
        hash.AppendData(down);
        hash.AppendData(alphaBytes);
        return new LayerContent(
            new LayerFactors(
                new StoredMatrix(layer.Up.Name, up, layer.Up.DType, layer.Rows, layer.Rank),
                new StoredMatrix(layer.Down.Name, down, layer.Down.DType, layer.Rank, layer.Columns),
                alpha / layer.Rank),
            alpha,
            Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>The layer's content, if it still is what was decomposed.</summary>
    /// <exception cref="ResizeLoraException">The file has changed, or reading failed.</exception>
    public static LayerContent ReadUnchanged(SafetensorsFile source, DecomposedLayer layer)
    {
        AdapterLayer expected = layer.Source.Layer;
        if (!IsThere(expected.Up) || !IsThere(expected.Down) || (expected.Alpha is { } alpha && !IsThere(alpha)))
            throw LayerFault.Changed(source.Path, layer.Name);

        LayerContent content = Read(source, expected);
        return string.Equals(content.Digest, layer.Source.Digest, StringComparison.Ordinal)
            ? content
            : throw LayerFault.Changed(source.Path, layer.Name);

        bool IsThere(TensorInfo tensor) =>
            source.Header.Find(tensor.Name) is { } found
            && found.DType == tensor.DType && found.Begin == tensor.Begin && found.Shape.SequenceEqual(tensor.Shape);
    }
}
