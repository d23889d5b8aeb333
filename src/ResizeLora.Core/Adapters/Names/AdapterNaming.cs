using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Names;

/// <summary>A way in which trainers name the tensors of a LoRA layer: the layer's name and a suffix.</summary>
/// <param name="Style">The name of its style.</param>
/// <param name="UpSuffix">What follows the layer's name for B.</param>
/// <param name="DownSuffix">What follows the layer's name for A.</param>
/// <param name="AlphaSuffix">What follows the layer's name for alpha; null if loaders don't expect one.</param>
/// <param name="LayerSuffixes">How the names of its layers end, where the suffixes alone would say too little.</param>
internal sealed record AdapterNaming(string Style, string UpSuffix, string DownSuffix, string? AlphaSuffix, IReadOnlyList<string> LayerSuffixes)
{
    /// <summary>Whether files may go without an alpha, and some of their loaders refuse one.</summary>
    public bool IsAlphaOptional { get; init; }

    /// <summary>The usual name of alpha.</summary>
    public const string UsualAlphaSuffix = ".alpha";

    /// <summary>Finds the style of a factor's name; null if it is not the name of a factor.</summary>
    public static FactorName? Parse(TensorInfo tensor)
    {
        foreach (AdapterNaming naming in AdapterStyles.Namings)
        {
            if ((naming.Factor(tensor.Name, isUp: true) ?? naming.Factor(tensor.Name, isUp: false)) is { } factor)
                return factor;
        }

        return null;
    }

    public string? AlphaName(string layer) => AlphaSuffix is null ? null : layer + AlphaSuffix;

    private FactorName? Factor(string name, bool isUp)
    {
        if (NameEnding.Split(name, isUp ? UpSuffix : DownSuffix) is not (string layer, string adapter)
            || (LayerSuffixes.Count > 0 && !LayerSuffixes.Any(end => layer.EndsWith(end, StringComparison.Ordinal))))
        {
            return null;
        }

        AdapterNaming naming = adapter.Length == 0
            ? this
            : this with { UpSuffix = NameEnding.Fill(UpSuffix, adapter), DownSuffix = NameEnding.Fill(DownSuffix, adapter) };
        return new FactorName(layer, naming, isUp);
    }
}

/// <summary>The name of a factor, taken apart.</summary>
/// <param name="Layer">The layer's name.</param>
/// <param name="Naming">The rest of the name, with the adapter's name filled in.</param>
/// <param name="IsUp">Whether it is B.</param>
internal sealed record FactorName(string Layer, AdapterNaming Naming, bool IsUp);
