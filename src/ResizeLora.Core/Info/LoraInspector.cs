using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Adapters.Peft;
using ResizeLora.Checkpoints;
using ResizeLora.Checkpoints.Families;
using ResizeLora.Decomposition;
using ResizeLora.Output;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Info;

/// <summary>Describes a LoRA file by its header alone.</summary>
internal static class LoraInspector
{
    private const string PeftName = AdapterLocation.ConfigurationName;

    /// <summary>Reads the header of an adapter, and PEFT's configuration where there is one.</summary>
    /// <exception cref="ResizeLoraException">It can't be read, or contains no adapter layers.</exception>
    public static LoraInfo Read(string path)
    {
        using var source = AdapterSource.Open(path);
        var contents = AdapterContents.Read(source);
        if (contents.Layers.Count + contents.Unsupported.Count == 0)
            throw OtherModel.Describe(source.Header) is { } kind ? LayerErrors.OtherModel(source.Path, kind) : LayerErrors.NoLayers(source.Path, AdapterErrors.UnknownPairs(contents.Others));

        IReadOnlyList<AdapterLayer> layers = contents.Layers;
        int[] ranks = [.. layers.Select(layer => (int)layer.Rank).Order()];
        IReadOnlyList<string> families = FamilyGuess.Of(layers);
        var training = new TrainingMetadata(source.Header, source.Configuration ?? PeftConfiguration.OfHeader(source.Header, source.Path));
        return new LoraInfo(source.Path, training, ResizeOrigin.Of(source.Header))
        {
            Size = source.File.Length,
            Type = ByFrequency(layers.Select(layer => layer.Magnitude is null ? layer.Type.Name : $"DoRA ({layer.Type.Name})")) ?? "unsupported",
            Style = ByFrequency(layers.Select(layer => layer.Name).Concat(contents.Unsupported.Select(layer => layer.Name)).Select(name => AdapterNames.StyleOf(name, isPaired: families.Count > 0)))!,
            FamilyCandidates = new ReadableList<string>(WithHint(families, training.Architecture), ','),
            LayerCount = layers.Count,
            Layers = new ReadableList<LoraLayerGroup>(Groups(layers), ';'),
            MinimumRank = ranks.FirstOrDefault(),
            MedianRank = ranks.ElementAtOrDefault((ranks.Length - 1) / 2),
            MaximumRank = ranks.LastOrDefault(),
            Alpha = AlphaOf(layers, source),
            DType = ByFrequency(layers.SelectMany(layer => layer.Tensors.All).Select(tensor => tensor.DType.ToString())) ?? string.Empty,
            IsResized = OutputMetadata.IsResized(source.Header),
            Problems = new ReadableList<LoraProblem>(Problems(contents), ';'),
            OtherTensorCount = contents.Others.Count,
            Metadata = source.Header.Metadata.ToDictionary(StringComparer.Ordinal),
        };
    }

    /// <summary>Where names and sizes leave the family open, the trainer's metadata may settle it.</summary>
    private static IReadOnlyList<string> WithHint(IReadOnlyList<string> families, string? architecture) =>
        families.Count != 1 && architecture is not null && ModelFamily.OfArchitecture(architecture) is { } hint && (families.Count == 0 || families.Contains(hint.Name))
            ? [hint.Name]
            : families;

    private static IEnumerable<LoraLayerGroup> Groups(IReadOnlyList<AdapterLayer> layers) => layers
        .GroupBy(layer => (Component: AdapterNames.ComponentOf(layer.Name), Kind: LayerKind.Of(layer)))
        .OrderBy(group => group.Key.Component)
        .ThenBy(group => group.Key.Kind, StringComparer.Ordinal)
        .Select(group => new LoraLayerGroup(group.Key.Component, group.Key.Kind, group.Count(), (int)group.Min(layer => layer.Rank), (int)group.Max(layer => layer.Rank)));

    private static IEnumerable<LoraProblem> Problems(AdapterContents contents)
    {
        foreach (IGrouping<string, UnsupportedLayer> group in contents.Unsupported.GroupBy(layer => layer.Reason, StringComparer.Ordinal))
            yield return new LoraProblem(group.Key, group.Count(), group.First().Name);

        if (UnknownPairs.Find(contents.Others) is [(TensorInfo up, _), ..] unknown)
            yield return new LoraProblem("pair of tensors that could be the factors of a layer, but their names are unknown", unknown.Count, up.Name);
    }

    /// <summary>What the header says about alpha; the numbers in tensors are not read.</summary>
    private static string AlphaOf(IReadOnlyList<AdapterLayer> layers, AdapterSource source)
    {
        double[] told = [.. layers.Select(layer => layer.Configured?.Alpha).OfType<double>().Distinct().Order()];
        if (told.Length > 0)
            return told.Length == 1 ? Text(told[0]) : $"{Text(told[0])} to {Text(told[^1])}";

        return layers.Any(layer => layer.Alpha is not null)
            ? source.Header.FindMetadata("ss_network_alpha") ?? "in a tensor of each layer"
            : source.Location.LostConfiguration is null ? "the rank, as none is stored" : $"unknown, as {PeftName} is missing; the rank is used";
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Distinct texts, the most frequent first; null if there is none.</summary>
    private static string? ByFrequency(IEnumerable<string> texts) =>
        string.Join(", ", texts.GroupBy(text => text, StringComparer.Ordinal).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).Select(group => group.Key)) is { Length: > 0 } joined ? joined : null;
}
