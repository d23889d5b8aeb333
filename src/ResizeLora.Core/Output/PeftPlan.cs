using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Adapters.Peft;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>
/// Updates PEFT's configuration, next to the tensors and in their header, to an output's layers. Loaders make layers of
/// the ranks that it says, and scale them by its alphas; ΔW sits in the new factors, so alpha becomes the rank.
/// </summary>
internal sealed class PeftPlan
{
    /// <summary>The name of an embedding's factor that has as many rows as its rank.</summary>
    private const string EmbeddingFactor = ".lora_embedding_A";

    private readonly PeftConfiguration? _file;
    private readonly PeftConfiguration _header;
    private readonly List<PeftLayer> _unchanged;
    private readonly string[] _all;

    /// <param name="source">The input.</param>
    /// <param name="contents">Its contents.</param>
    /// <param name="verbatim">The tensors that are copied, factors among them that keep their scale.</param>
    public PeftPlan(AdapterSource source, AdapterContents contents, IReadOnlyList<TensorInfo> verbatim)
    {
        _file = source.Configuration;
        _header = PeftConfiguration.OfHeader(source.Header, source.Path);
        _unchanged = [.. Factors(verbatim)
            .Select(factor => (factor.Layer, factor.Rank, Alpha: (_file ?? _header).For(factor.Layer)?.Of(factor.Layer, factor.Rank, source.Path)))
            .Where(factor => factor.Alpha is not null)
            .Select(factor => new PeftLayer(PeftSettings.OuterModuleOf(factor.Layer), factor.Rank, factor.Alpha!.Scale * factor.Rank))];
        _all = [.. contents.Layers.Select(layer => layer.Name).Concat(Factors(source.Header.Tensors).Select(factor => factor.Layer)).Select(PeftSettings.OuterModuleOf).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The tensors that an adapter of PEFT's keeps as they are: no alphas, which the configuration gives, and no layers of another type than its own.</summary>
    /// <exception cref="ResizeLoraException">There are such layers.</exception>
    public static List<TensorInfo> Kept(AdapterSource source, AdapterContents contents, IEnumerable<TensorInfo> verbatim)
    {
        List<TensorInfo> kept = [.. verbatim.Where(tensor => !tensor.Name.EndsWith(AdapterNaming.UsualAlphaSuffix, StringComparison.Ordinal))];
        if (source.Configuration!.Type == PeftSettings.Lora)
            return kept;

        string[] layers = [.. contents.Unsupported.Concat(contents.Layers.Select(layer => new UnsupportedLayer(layer.Name, [.. layer.Tensors.All], string.Empty)))
            .Where(layer => layer.Tensors.Any(kept.Contains))
            .Select(layer => layer.Name)];
        return layers.Length == 0 ? kept : throw PeftErrors.CantKeep(source.Path, source.Configuration.Type, layers.Length, layers[0]);
    }

    /// <summary>The header's metadata that change.</summary>
    /// <param name="written">The ranks of the layers that have new factors.</param>
    public IEnumerable<KeyValuePair<string, string>> Metadata(IEnumerable<(string Layer, long Rank)> written) => _header.IsEmpty ? [] : _header.Metadata(Output(written));

    /// <summary>The configuration next to the tensors; null where the input has none.</summary>
    /// <param name="written">The ranks of the layers that have new factors.</param>
    public byte[]? FileText(IEnumerable<(string Layer, long Rank)> written) => _file?.FileText(Output(written));

    private PeftOutput Output(IEnumerable<(string Layer, long Rank)> written)
    {
        List<PeftLayer> layers = [.. written
            .Select(layer => new PeftLayer(PeftSettings.OuterModuleOf(layer.Layer), layer.Rank, layer.Rank))
            .Concat(_unchanged)
            .DistinctBy(layer => layer.Name)];
        return new PeftOutput(layers, [.. _all.Except(layers.Select(layer => layer.Name), StringComparer.Ordinal)]);
    }

    private static IEnumerable<(string Layer, long Rank)> Factors(IEnumerable<TensorInfo> tensors)
    {
        foreach (TensorInfo tensor in tensors.Where(tensor => tensor.ElementCount > 0))
        {
            int embedding = tensor.Name.IndexOf(EmbeddingFactor, StringComparison.Ordinal);
            if (embedding > 0)
                yield return (tensor.Name[..embedding], tensor.Shape[0]);
            else if (AdapterNaming.Parse(tensor) is { IsUp: false } factor)
                yield return (factor.Layer, tensor.Shape[0]);
        }
    }
}
