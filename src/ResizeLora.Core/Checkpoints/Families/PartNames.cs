using ResizeLora.Common;

namespace ResizeLora.Checkpoints.Families;

/// <summary>The names of the layers of one part of a model, from its description.</summary>
internal sealed class PartNames
{
    private const string Folder = "Families/Parts";

    private readonly List<string> _skipped = [];
    private readonly List<string> _modules = [];
    private readonly List<(string Name, List<string> Paths)> _orders = [];
    private readonly Dictionary<string, List<NameRule>> _rules = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Kind, bool IsOriginal, string Inner), string> _inner = [];
    private (string Name, string[] Values)? _list;
    private ILookup<string, NameTemplate>? _templates;
    private UnetBlocks? _knownBlocks;

    /// <summary>The placeholder for a layer that is named by its position.</summary>
    public const string Position = "#";

    /// <summary>A path with '_' for '.', and '#' for each number in it.</summary>
    public static string WithoutNumbers(string flatPath) =>
        string.Join('_', flatPath.Split('_').Select(segment => segment.Length > 0 && segment.All(char.IsAsciiDigit) ? Position : segment));

    /// <summary>Whether the description has a name, whatever its numbers are (<see cref="WithoutNumbers"/>).</summary>
    public bool Knows(string path) =>
        path == Position ? _orders.Count > 0 : (_inner.Count > 0 && UnetBlocks.Has(path)) || Templates.Contains(path);

    /// <summary>Takes in a line of a description.</summary>
    /// <returns>Whether it is about names.</returns>
    public bool Add(DescriptionLine line)
    {
        if (line.After("for") is { } list)
        {
            (string name, string values) = line.Equation(list);
            _list = ($"{{{name}}}", DescriptionText.Words(values));
            return true;
        }

        return _list is { } named && line.Text.Contains(named.Name, StringComparison.Ordinal)
            ? Array.TrueForAll(named.Values, value => AddOne(line with { Text = line.Text.Replace(named.Name, value, StringComparison.Ordinal) }))
            : AddOne(line);
    }

    /// <summary>The layers that these tensors hold, by name and by position.</summary>
    /// <param name="weights">Weights by path, which is their name without .weight, or with a mark where it ends otherwise.</param>
    public PartLayers Layers(IReadOnlyDictionary<string, WeightRows> weights) =>
        LayersIn(weights, _inner.Count > 0 ? new UnetBlocks([.. weights.Keys.Where(IsNotSkipped)]) : null);

    /// <summary>
    /// The same of an adapter's layers, in place of weights. They may be few, so the numbers of blocks are those of the description; and
    /// an order counts only where all of its layers are there.
    /// </summary>
    /// <param name="weights">Rows by <see cref="Dotted"/> paths.</param>
    public PartLayers LayersOfAdapter(IReadOnlyDictionary<string, WeightRows> weights)
    {
        PartLayers layers = LayersIn(weights, KnownBlocks);
        return layers with { Orders = [.. layers.Orders.Where(order => order.Layers.All(layer => layer is not null))] };
    }

    /// <summary>A path with the points that it had before they were replaced by '_', as far as the description tells.</summary>
    public string Dotted(string path)
    {
        if (path.Contains('.', StringComparison.Ordinal))
            return path;

        if (KnownBlocks?.FindFlat(path) is ({ } name, { } module, { } inner))
            return $"{name}.{_inner.Keys.Where(known => known.Kind == module.Kind && known.IsOriginal == module.IsOriginal && known.Inner.Replace('.', '_') == inner).Select(known => known.Inner).FirstOrDefault(inner)}";

        return Templates[WithoutNumbers(path)].Select(template => template.Dotted(path)).FirstOrDefault(path);
    }

    private UnetBlocks? KnownBlocks => _modules.Count == 0 ? null : _knownBlocks ??= UnetBlocks.InBothNamings(_modules);

    private ILookup<string, NameTemplate> Templates => _templates ??= _rules.Values
        .SelectMany(rules => rules)
        .SelectMany(rule => rule.From.Concat(rule.To))
        .Select(term => term.Name)
        .OfType<NameTemplate>()
        .ToLookup(template => WithoutNumbers(template.Key.Replace('.', '_')), StringComparer.Ordinal);

    private PartLayers LayersIn(IReadOnlyDictionary<string, WeightRows> weights, UnetBlocks? blocks)
    {
        List<(string Path, BaseLayer Layer)> layers = [.. NamedLayers(weights, blocks)];
        ILookup<string, BaseLayer> byPath = layers.ToLookup(layer => layer.Path, layer => layer.Layer, StringComparer.Ordinal);
        return new PartLayers(layers, [.. _orders.Select(order => new LayerOrder(order.Name, [.. order.Paths.Select(path => byPath[path].FirstOrDefault())]))]);
    }

    private bool AddOne(DescriptionLine line)
    {
        if (line.After("use") is { } shared)
            AddAll(DescriptionText.Lines(Folder, shared));
        else if (line.After("skip") is { } beginning)
            _skipped.Add(beginning);
        else if (line.After("modules") is { } modules)
            _modules.AddRange(DescriptionText.Words(modules).SelectMany(NameSeries.Of));
        else if (line.After("order") is { } order)
            _orders.Add((order, []));
        else if (line.After("numbered") is { } template && _orders.Count > 0)
            _orders[^1].Paths.AddRange(NameSeries.Of(template));
        else if (line.After("in") is { } inner)
            AddInner(line, inner);
        else if (line.Text.Contains(" = ", StringComparison.Ordinal))
            AddRule(line);
        else
            return false;

        return true;
    }

    private bool IsNotSkipped(string path) => !_skipped.Exists(beginning => path.StartsWith(beginning, StringComparison.Ordinal));

    private IEnumerable<(string Path, BaseLayer Layer)> NamedLayers(IReadOnlyDictionary<string, WeightRows> weights, UnetBlocks? blocks)
    {
        foreach (string path in weights.Keys.Where(IsNotSkipped))
        {
            BaseLayer layer = new([weights[path]], transposed: false);
            if (!path.EndsWith(NameTemplate.RawMark))
                yield return (path, layer);

            if (blocks?.Find(path) is ({ } module, { } inner))
                yield return ($"{module.OtherName}.{_inner.GetValueOrDefault((module.Kind, module.IsOriginal, inner), inner)}", layer);

            string[] segments = path.Split('.');
            if (!_rules.TryGetValue(NameTemplate.KeyOf(segments), out List<NameRule>? rules))
                continue;

            foreach (NameRule rule in rules)
            {
                foreach ((string Path, BaseLayer Layer) named in rule.Apply(segments, weights.GetValueOrDefault))
                    yield return named;
            }
        }
    }

    private void AddAll(IReadOnlyList<DescriptionLine> lines)
    {
        foreach (DescriptionLine line in lines)
        {
            if (!Add(line))
                throw line.Unclear();
        }
    }

    private void AddRule(DescriptionLine line)
    {
        foreach (NameRule rule in NameRule.Parse(line, line.Text))
        {
            string key = rule.From[0].Name!.Key;
            if (!_rules.TryGetValue(key, out List<NameRule>? rules))
                _rules.Add(key, rules = []);
            rules.Add(rule);
        }
    }

    private void AddInner(DescriptionLine line, string text)
    {
        if (text.Split(':', 2) is not [string kind, string equation])
            throw line.Unclear();

        (string original, string diffusers) = line.Equation(equation);
        _inner.Add((kind, true, original), diffusers);
        _inner.Add((kind, false, diffusers), original);
    }
}

/// <summary>The layers of one part of a checkpoint.</summary>
/// <param name="Named">Every name of every layer.</param>
/// <param name="Orders">The orders in which adapters may count them.</param>
internal sealed record PartLayers(IReadOnlyList<(string Path, BaseLayer Layer)> Named, IReadOnlyList<LayerOrder> Orders);
