using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>The tensors of an adapter file, each in exactly one of three groups.</summary>
/// <param name="Layers">The LoRA layers, in ordinal order of their names.</param>
/// <param name="Others">Tensors that belong to no layer, in the order of the file.</param>
/// <param name="Unsupported">Layers that are no plain pair of factors, in ordinal order of their names.</param>
internal sealed record AdapterContents(
    IReadOnlyList<AdapterLayer> Layers,
    IReadOnlyList<TensorInfo> Others,
    IReadOnlyList<UnsupportedLayer> Unsupported)
{
    /// <summary>Sorts the tensors of the file at <paramref name="path"/>.</summary>
    /// <exception cref="ResizeLoraException">The file holds a layer twice, in two styles of naming.</exception>
    public static AdapterContents Read(SafetensorsHeader header, string path)
    {
        var byLayer = new Dictionary<string, LayerTensors>(StringComparer.Ordinal);
        var rest = new List<TensorInfo>();
        foreach (TensorInfo tensor in header.Tensors)
        {
            if (AdapterNaming.Parse(tensor) is { } factor)
                LayerNamed(factor.Layer).AddFactor(tensor, factor);
            else
                rest.Add(tensor);
        }

        // Alphas first: the mark of another kind may be a part of a layer's name.
        var others = new List<TensorInfo>();
        foreach (TensorInfo tensor in WithoutAlphas(rest, byLayer.Values))
        {
            if (OtherAdapterKind.Parse(tensor) is { } other)
                LayerNamed(other.Layer).AddOther(tensor, other.Reason);
            else
                others.Add(tensor);
        }

        others = WithoutAlphas(others, byLayer.Values);
        var layers = new List<AdapterLayer>();
        var unsupported = new List<UnsupportedLayer>();
        foreach (LayerTensors tensors in byLayer.Values.OrderBy(tensors => tensors.Name, StringComparer.Ordinal))
        {
            (AdapterLayer? layer, UnsupportedLayer? instead) = tensors.Build(path);
            if (layer is not null)
                layers.Add(layer);
            if (instead is not null)
                unsupported.Add(instead);
        }

        return new AdapterContents(layers, others, unsupported);

        LayerTensors LayerNamed(string name)
        {
            if (!byLayer.TryGetValue(name, out LayerTensors? tensors))
                byLayer.Add(name, tensors = new LayerTensors(name));

            return tensors;
        }
    }

    /// <summary>Gives each alpha to its layer and returns the others. An alpha alone makes no layer.</summary>
    private static List<TensorInfo> WithoutAlphas(List<TensorInfo> tensors, IEnumerable<LayerTensors> layers)
    {
        Dictionary<string, LayerTensors> byAlpha = layers
            .SelectMany(layer => layer.AlphaNames.Select(alpha => (Alpha: alpha, Layer: layer)))
            .ToDictionary(pair => pair.Alpha, pair => pair.Layer, StringComparer.Ordinal);
        var others = new List<TensorInfo>();
        foreach (TensorInfo tensor in tensors)
        {
            if (byAlpha.TryGetValue(tensor.Name, out LayerTensors? layer))
                layer.AddAlpha(tensor);
            else
                others.Add(tensor);
        }

        return others;
    }
}
