using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ResizeLora.Adapters.Peft;

/// <summary>Makes the settings of a component say what an output is.</summary>
internal static class WrittenSettings
{
    /// <summary>Sets ranks, and alphas that give each layer its scale. ΔW sits in new factors: there alpha is the rank.</summary>
    /// <param name="json">The configuration.</param>
    /// <param name="component">The settings.</param>
    /// <param name="layers">The layers of the output, by the names of their modules.</param>
    /// <exception cref="ResizeLoraException">There are too many layers with too similar names.</exception>
    public static void SetRanks(JsonObject json, PeftSettings component, PeftLayer[] layers)
    {
        try
        {
            long usual = layers.Select(layer => layer.Rank).DefaultIfEmpty(1).Max();
            List<PeftLayer> others = Exceptions(layers, usual);
            json[component.Prefix + PeftSettings.RankKey] = usual;
            json[component.Prefix + PeftSettings.AlphaKey] = usual;

            // Older versions look up both with the first pattern of either that fits; so both have the same.
            json[component.Prefix + PeftSettings.RankPatternKey] = Pattern(others, layer => JsonValue.Create(layer.Rank));
            json[component.Prefix + PeftSettings.AlphaPatternKey] = Pattern(others, layer => layer.Alpha == layer.Rank ? JsonValue.Create(layer.Rank) : JsonValue.Create(layer.Alpha));
            if (json.ContainsKey(component.Prefix + PeftSettings.RootKey))
                json[component.Prefix + PeftSettings.RootKey] = false;
        }
        catch (FormatException exception)
        {
            throw PeftErrors.Invalid(component.Place, exception);
        }
    }

    /// <summary>
    /// Names the modules that are there. PEFT makes a layer for each module that the configuration names, and one that the file does
    /// not have stays as it was made, with a warning at best.
    /// </summary>
    public static void SetTargets(JsonObject json, PeftSettings component, PeftLayer[] layers, string[] leftOut)
    {
        // A name in a list is also the end of other names; an expression is a whole name, but does not go with choosing by number.
        string[] modules = [.. layers.Select(layer => layer.Name)];
        HashSet<string> ends = new(modules.Select(module => $".{module}"), StringComparer.Ordinal);
        bool isAmbiguous = leftOut.Any(module => Ends(module).Any(ends.Contains));
        bool isNumbered = json[component.Prefix + "layers_to_transform"] is not null || json[component.Prefix + "layers_pattern"] is not null;
        json[component.Prefix + PeftSettings.TargetKey] = isAmbiguous && !isNumbered
            ? string.Join('|', modules.Select(Regex.Escape))
            : new JsonArray([.. modules.Select(module => JsonValue.Create(module))]);
    }

    /// <summary>The layers that patterns must name, in an order in which each finds its own.</summary>
    private static List<PeftLayer> Exceptions(PeftLayer[] layers, long usual)
    {
        List<PeftLayer> named = [.. layers.Where(layer => layer.Rank != usual || layer.Alpha != usual).DistinctBy(layer => layer.Name)];
        while (true)
        {
            // A name fits all that end in it, and its points fit any character.
            var patterns = new PeftPatterns(named.Select((layer, i) => KeyValuePair.Create(PatternOf(layer), (double)i)));
            PeftLayer[] wrong = [.. layers.Where(layer => patterns.Find(layer.Name) is { } i && named[(int)i] is var found && (found.Rank != layer.Rank || found.Alpha != layer.Alpha))];
            if (wrong.Length == 0)
                return named;

            List<PeftLayer> more = [.. named.Union(wrong).DistinctBy(layer => layer.Name).OrderByDescending(layer => layer.Name.Length).ThenBy(layer => layer.Name.Count(c => c == '.'))];
            if (more.SequenceEqual(named))
                return named;

            named = more;
        }
    }

    private static string PatternOf(PeftLayer layer) => PeftPattern.IsPlain(layer.Name) ? layer.Name : Regex.Escape(layer.Name);

    private static JsonObject Pattern(IEnumerable<PeftLayer> layers, Func<PeftLayer, JsonValue> value) =>
        new(layers.Select(layer => new KeyValuePair<string, JsonNode?>(PatternOf(layer), value(layer))));

    /// <summary>The ends of a name, from each of its points on.</summary>
    private static IEnumerable<string> Ends(string name) => Enumerable.Range(0, name.Length).Where(i => name[i] == '.').Select(i => name[i..]);
}
