using System.Globalization;
using System.Text.Json.Nodes;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Writing;

/// <summary>
/// Mends a header that tells ranks and alphas, as PEFT's configuration does. Loaders make layers of the ranks that it says,
/// and scale them by its alphas; ΔW sits in the new factors, so alpha becomes the rank.
/// </summary>
internal static class HeaderAlphaMend
{
    private const string RankKey = "r";
    private const string RankPatternKey = "rank_pattern";

    /// <summary>The metadata that change.</summary>
    /// <param name="source">The input's header.</param>
    /// <param name="written">The ranks of the layers that have new factors.</param>
    /// <param name="verbatim">The tensors that are copied, factors among them that keep their scale.</param>
    public static IEnumerable<KeyValuePair<string, string>> Changes(SafetensorsHeader source, IEnumerable<(string Layer, long Rank)> written, IEnumerable<TensorInfo> verbatim)
    {
        var alphas = HeaderAlphas.Of(source);
        List<string> prefixes = [.. alphas.Prefixes];
        if (prefixes.Count == 0)
            return [];

        List<(string Layer, long Rank, double Alpha)> ranks = [.. written.Select(layer => (layer.Layer, layer.Rank, (double)layer.Rank)), .. Unchanged(alphas, verbatim)];

        JsonObject? json = alphas.IsJson ? JsonNode.Parse(source.FindMetadata(HeaderAlphas.JsonKey)!)!.AsObject() : null;
        var changes = new List<KeyValuePair<string, string>>();
        foreach (string prefix in prefixes)
        {
            List<(string Layer, long Rank, double Alpha)> layers =
            [
                .. ranks
                    .Where(layer => alphas.PrefixOfLayer(layer.Layer) == prefix)
                    .Select(layer => (layer.Layer[prefix.Length..], layer.Rank, layer.Alpha)),
            ];
            long usual = layers.Select(layer => layer.Rank).DefaultIfEmpty(1).Max();
            if (json is null)
                changes.AddRange(PlainKeys(source, prefix, usual));
            else
                Mend(json, prefix, usual, layers);
        }

        if (json is not null)
            changes.Add(new(HeaderAlphas.JsonKey, json.ToJsonString()));
        return changes;
    }

    /// <summary>Copied layers, with the alpha that gives their scale when it is divided by their rank.</summary>
    private static IEnumerable<(string Layer, long Rank, double Alpha)> Unchanged(HeaderAlphas alphas, IEnumerable<TensorInfo> verbatim) =>
        from tensor in verbatim
        let factor = AdapterNaming.Parse(tensor)
        where factor is { IsUp: false } && tensor.ElementCount > 0
        let alpha = alphas.Find(factor.Layer)
        where alpha is not null
        select (factor.Layer, tensor.Shape[0], alpha.Scale(tensor.Shape[0]) * tensor.Shape[0]);

    private static void Mend(JsonObject json, string prefix, long usual, List<(string Layer, long Rank, double Alpha)> layers)
    {
        json[prefix + RankKey] = usual;
        json[prefix + HeaderAlphas.AlphaKey] = usual;
        json[prefix + RankPatternKey] = Pattern(layers.Where(layer => layer.Rank != usual).Select(layer => (layer.Layer, JsonValue.Create(layer.Rank))));
        json[prefix + HeaderAlphas.PatternKey] = Pattern(layers.Where(layer => layer.Alpha != usual).Select(layer => (layer.Layer, layer.Alpha == layer.Rank ? JsonValue.Create(layer.Rank) : JsonValue.Create(layer.Alpha))));
        if (json.ContainsKey(prefix + HeaderAlphas.RootKey))
            json[prefix + HeaderAlphas.RootKey] = false;
    }

    private static JsonObject Pattern(IEnumerable<(string Layer, JsonValue Value)> layers) =>
        new(layers.Select(layer => new KeyValuePair<string, JsonNode?>(layer.Layer, layer.Value)));

    /// <summary>One key for each setting has no room for single layers; but rank and alpha are the same for all of them.</summary>
    private static IEnumerable<KeyValuePair<string, string>> PlainKeys(SafetensorsHeader source, string prefix, long usual)
    {
        string number = usual.ToString(CultureInfo.InvariantCulture);
        yield return new(prefix + HeaderAlphas.AlphaKey, number);
        if (source.FindMetadata(prefix + RankKey) is not null)
            yield return new(prefix + RankKey, number);
        if (source.FindMetadata(prefix + HeaderAlphas.RootKey) is not null)
            yield return new(prefix + HeaderAlphas.RootKey, "false");
    }
}
