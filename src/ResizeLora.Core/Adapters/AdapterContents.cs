using ResizeLora.Adapters.Names;
using ResizeLora.Adapters.Peft;
using ResizeLora.Adapters.Types;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>The tensors of an adapter file, each in exactly one of three groups.</summary>
/// <param name="Layers">The layers that can be decomposed, in ordinal order of their names.</param>
/// <param name="Others">Tensors that belong to no layer, in the order of the file.</param>
/// <param name="Unsupported">Layers that can't be decomposed, in ordinal order of their names.</param>
internal sealed record AdapterContents(
    IReadOnlyList<AdapterLayer> Layers,
    IReadOnlyList<TensorInfo> Others,
    IReadOnlyList<UnsupportedLayer> Unsupported)
{
    /// <summary>Sorts the tensors of an adapter.</summary>
    /// <exception cref="ResizeLoraException">The file contains a layer twice, in two naming styles, or is not what PEFT's configuration says.</exception>
    public static AdapterContents Read(AdapterSource source) => Read(source.Header, source.Path, source.Configuration);

    /// <summary>Sorts the tensors of the file at <paramref name="path"/>.</summary>
    /// <exception cref="ResizeLoraException">The file contains a layer twice, in two naming styles, or is not what PEFT's configuration says.</exception>
    public static AdapterContents Read(SafetensorsHeader header, string path, PeftConfiguration? configuration = null)
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

        // Alphas first: what another type of adapter calls its tensors may be the end of a layer's name.
        var others = new List<TensorInfo>();
        foreach (TensorInfo tensor in WithoutAlphas(rest, byLayer.Values))
        {
            if (TensorPart.Parse(tensor) is { } part)
                LayerNamed(part.Layer).AddPart(tensor, part.Role);
            else if (RefusedType.Parse(tensor) is { } refused)
                LayerNamed(refused.Layer).AddRefused(tensor, refused.Type);
            else
                others.Add(tensor);
        }

        others = WithoutCompanions(WithoutAlphas(others, byLayer.Values), byLayer.Values);
        var layers = new List<AdapterLayer>();
        var unsupported = new List<UnsupportedLayer>();
        bool hasAlpha = header.Tensors.Any(tensor => tensor.Name.EndsWith(AdapterNaming.UsualAlphaSuffix, StringComparison.Ordinal));
        foreach (LayerTensors tensors in byLayer.Values.OrderBy(tensors => tensors.Name, StringComparer.Ordinal))
        {
            (AdapterLayer? layer, UnsupportedLayer? instead) = tensors.Build(path);
            if (layer is not null)
                layers.Add(layer with { Written = layer.Written with { IsAlphaOptional = layer.Written.IsAlphaOptional && !hasAlpha } });
            if (instead is not null)
                unsupported.Add(instead);
        }

        return new ConfiguredLayers(header, path, configuration).Apply(new AdapterContents(layers, others, unsupported));

        LayerTensors LayerNamed(string name)
        {
            if (!byLayer.TryGetValue(name, out LayerTensors? tensors))
                byLayer.Add(name, tensors = new LayerTensors(name));

            return tensors;
        }
    }

    /// <summary>Whether an output depends on the base layers, whatever the recipe.</summary>
    public bool NeedsBase => Layers.Any(layer => layer.NeedsBase);

    /// <summary>Moves layers to the unsupported ones.</summary>
    /// <param name="reason">Why a layer can't be resized; null if it can.</param>
    public AdapterContents Refuse(Func<AdapterLayer, string?> reason)
    {
        ILookup<bool, (AdapterLayer Layer, string? Reason)> byRefused = Layers.Select(layer => (layer, reason(layer))).ToLookup(pair => pair.Item2 is not null);
        return this with
        {
            Layers = [.. byRefused[false].Select(pair => pair.Layer)],
            Unsupported = [.. Unsupported
                .Concat(byRefused[true].Select(pair => new UnsupportedLayer(pair.Layer.Name, [.. pair.Layer.Tensors.All], pair.Reason!)))
                .OrderBy(layer => layer.Name, StringComparer.Ordinal)],
        };
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
                layer.AddPart(tensor, TensorRole.Alpha);
            else
                others.Add(tensor);
        }

        return others;
    }

    /// <summary>Assigns each tensor with a common name to its layer, and returns the others.</summary>
    private static List<TensorInfo> WithoutCompanions(List<TensorInfo> tensors, IEnumerable<LayerTensors> layers)
    {
        Dictionary<string, LayerTensors> byName = layers
            .Where(layer => layer.CompanionName is not null)
            .ToDictionary(layer => layer.CompanionName!, StringComparer.Ordinal);
        foreach (TensorInfo tensor in tensors)
            byName.GetValueOrDefault(tensor.Name)?.AddCompanion(tensor);
        return [.. tensors.Where(tensor => !byName.ContainsKey(tensor.Name))];
    }
}
