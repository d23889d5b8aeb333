using System.Globalization;
using System.Text.RegularExpressions;
using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints;

namespace ResizeLora.Pairing;

/// <summary>
/// What each layer of an adapter file modifies. Some things only the whole file shows: in which order it counts layers that it
/// names by position, and whether a layer of another size is an exception or the checkpoint the wrong one. So the pairs
/// are always made of all layers, whichever of them are worked on.
/// </summary>
internal sealed partial class AdapterPairs
{
    /// <summary>A model of another width differs in every block; a single layer may have been changed on purpose.</summary>
    private const int FewestOfAKind = 3;

    /// <summary>So many layers that are named by their position there are at least for each that has another size.</summary>
    private const int FewestPerException = 10;

    private readonly Dictionary<string, LayerPair> _pairs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ResizeLoraException> _errors = new(StringComparer.Ordinal);
    private readonly List<string> _orders = [];
    private readonly BaseCheckpointIndex _checkpoint;
    private readonly string _path;

    /// <param name="layers">All layers of the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="checkpoint">The layers of the checkpoint.</param>
    /// <exception cref="ResizeLoraException">Sizes show that it is the wrong checkpoint.</exception>
    public AdapterPairs(IReadOnlyList<AdapterLayer> layers, string path, BaseCheckpointIndex checkpoint)
    {
        _path = path;
        _checkpoint = checkpoint;
        ILookup<bool, (LayerKey Key, AdapterLayer Layer)> byPosition = layers
            .Select(layer => (Key: checkpoint.KeyOf(layer.Name), Layer: layer))
            .ToLookup(layer => IsPosition(layer.Key, layer.Layer.Name));
        PairByName([.. byPosition[false]]);
        foreach (IGrouping<AdapterComponent, (LayerKey Key, AdapterLayer Layer)> component in byPosition[true].GroupBy(layer => layer.Key.Component))
            PairByPosition(component.Key, [.. component.Select(layer => (Position(layer.Key), layer.Layer))]);
    }

    /// <summary>Whether any layer has a partner in the checkpoint.</summary>
    public bool Any => _pairs.Values.Any(pair => pair.BaseLayer is not null) || _errors.Count > 0;

    /// <summary>In which orders layers are counted that are named by their position.</summary>
    public IReadOnlyList<string> Orders => _orders;

    /// <summary>What a layer modifies.</summary>
    /// <exception cref="ResizeLoraException">The base weight can't be read; or the layer is named by its position, and sizes don't show in which order.</exception>
    public LayerPair Of(AdapterLayer layer) => _errors.TryGetValue(layer.Name, out ResizeLoraException? error) ? throw error : _pairs[layer.Name];

    private void PairByName(List<(LayerKey Key, AdapterLayer Layer)> layers)
    {
        var found = new List<FoundLayer>();
        var unreadable = new List<(AdapterLayer Layer, StoredWeight Weight)>();
        foreach ((LayerKey key, AdapterLayer layer) in layers)
        {
            (AdapterComponent Component, BaseLayer Layer)[] candidates = [.. Candidates(key, layer.Name).Select(candidate => (candidate.Component, candidate.Layer.SeenBy(layer)))];
            if (UnreadableOf(candidates.Select(candidate => candidate.Layer)) is { } weight)
            {
                unreadable.Add((layer, weight));
                _pairs[layer.Name] = new LayerPair(null, candidates[0].Component) { Problem = CheckpointErrors.Why(weight) };
                continue;
            }

            (AdapterComponent Component, BaseLayer Layer)[] fitting = [.. candidates.Where(candidate => candidate.Layer.Fits(layer))];
            _pairs[layer.Name] = (candidates, fitting) switch
            {
                ([], _) => new LayerPair(null, key.Component),
                (_, [var only]) => new LayerPair(only.Layer, only.Component),
                (_, []) => new LayerPair(null, candidates[0].Component) { Problem = PairingErrors.OtherSize(layer, candidates[0].Layer) },
                _ => new LayerPair(null, key.Component) { Problem = PairingErrors.SeveralLayers([.. fitting.Select(candidate => candidate.Layer)]) },
            };
            if (candidates.Length > 0)
                found.Add(new FoundLayer($"{key.Component} {Numbers().Replace(key.FlatPath, "#")}", layer, candidates[0].Layer, fitting.Length > 0));
        }

        // A few are as if they had no partner; of a checkpoint that can't be read, nothing would be left to compare with.
        if (unreadable.Count >= found.Count)
            unreadable.ForEach(item => _errors[item.Layer.Name] = CheckpointErrors.Unreadable(_checkpoint.Path, item.Weight));

        if (FirstWrong(found) is { } first)
            throw PairingErrors.ShapeMismatch(_path, first.Layer, _checkpoint, first.BaseLayer, found.Count(layer => !layer.Fits), found.Count);
    }

    /// <summary>A layer whose size shows that all of them are another model's; null where those that don't fit are exceptions.</summary>
    private static FoundLayer? FirstWrong(IReadOnlyList<FoundLayer> found)
    {
        IEnumerable<FoundLayer> wrong = 2 * found.Count(layer => !layer.Fits) > found.Count
            ? found.Where(layer => !layer.Fits)
            : found
                .GroupBy(layer => layer.Kind, StringComparer.Ordinal)
                .Where(kind => kind.Count() >= FewestOfAKind && kind.All(layer => !layer.Fits))
                .SelectMany(kind => kind);
        return wrong.FirstOrDefault();
    }

    /// <summary>What a name could mean, and where. PEFT saves a text encoder without saying which one: its size may show it.</summary>
    private IEnumerable<(AdapterComponent Component, BaseLayer Layer)> Candidates(LayerKey key, string name)
    {
        AdapterComponent[] components = key.Component == AdapterComponent.Unknown ? Enum.GetValues<AdapterComponent>() : [key.Component];
        return components
            .SelectMany(component => _checkpoint.Candidates(key with { Component = component }, name).Select(layer => (component, layer)))
            .DistinctBy(candidate => candidate.layer);
    }

    private void PairByPosition(AdapterComponent component, List<(int Position, AdapterLayer Layer)> layers)
    {
        IReadOnlyList<LayerOrder> orders = _checkpoint.Orders(component);
        layers.RemoveAll(layer => IsUnreadable(layer.Layer, orders.Select(order => order.At(layer.Position)).OfType<BaseLayer>()));
        if (layers.Count == 0)
            return;

        LayerOrder[] fitting = [.. orders.Where(order => layers.TrueForAll(layer => order.At(layer.Position)?.Fits(layer.Layer) == true))];
        if (fitting.Length == 0)
            fitting = [.. orders.Where(order => FitsButForExceptions(order, layers))];
        if (orders.Count > 0 && fitting.Length == 0)
            throw PairingErrors.NoOrder(_path, layers[0].Layer.Name, layers.Count, _checkpoint, orders);

        if (fitting is [LayerOrder found])
            _orders.Add(found.Name);
        foreach ((int position, AdapterLayer layer) in layers)
        {
            (LayerOrder Order, BaseLayer BaseLayer)[] meanings = [.. fitting.Select(order => (order, order.At(position)!)).DistinctBy(meaning => meaning.Item2)];
            _pairs[layer.Name] = meanings is [(_, var only)] && !only.Fits(layer)
                ? new LayerPair(null, component) { Problem = PairingErrors.OtherSize(layer, only) }
                : new LayerPair(meanings.Length > 0 ? meanings[0].BaseLayer : null, component);
            if (meanings.Length > 1)
                _errors[layer.Name] = PairingErrors.SeveralOrders(_path, layer.Name, _checkpoint, meanings);
        }
    }

    /// <summary>
    /// Whether only a few layers have another size than in an order. By their names, layers are known whatever their sizes; by
    /// their positions they are not, so nearly all must fit.
    /// </summary>
    private static bool FitsButForExceptions(LayerOrder order, List<(int Position, AdapterLayer Layer)> layers)
    {
        FoundLayer[] found =
        [
            .. from layer in layers
               let baseLayer = order.At(layer.Position)
               where baseLayer is not null
               select new FoundLayer(Digits().Replace(baseLayer.Name, "#"), layer.Layer, baseLayer, baseLayer.Fits(layer.Layer)),
        ];
        return found.Length == layers.Count && found.Count(layer => !layer.Fits) * FewestPerException <= found.Length && FirstWrong(found) is null;
    }

    /// <summary>Of the weights that a layer may modify, the first that can't be read; its size is often unknown too.</summary>
    private static StoredWeight? UnreadableOf(IEnumerable<BaseLayer> candidates) => candidates.Select(candidate => candidate.Unreadable).OfType<StoredWeight>().FirstOrDefault();

    private bool IsUnreadable(AdapterLayer layer, IEnumerable<BaseLayer> candidates)
    {
        if (UnreadableOf(candidates) is not { } weight)
            return false;

        _errors[layer.Name] = CheckpointErrors.Unreadable(_checkpoint.Path, weight);
        return true;
    }

    private static int Position(LayerKey key) => int.TryParse(key.FlatPath, NumberStyles.None, CultureInfo.InvariantCulture, out int position) ? position : int.MaxValue;

    private bool IsPosition(LayerKey key, string name) => key.FlatPath.Length > 0 && key.FlatPath.All(char.IsAsciiDigit) && _checkpoint.Candidates(key, name).Count == 0;

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    [GeneratedRegex("(?<![^_])[0-9]+(?![^_])")]
    private static partial Regex Numbers();

    /// <summary>A layer that the checkpoint has by name.</summary>
    /// <param name="Kind">Its name without numbers, the same in all blocks.</param>
    /// <param name="Layer">The layer of the adapter.</param>
    /// <param name="BaseLayer">The layer of the checkpoint.</param>
    /// <param name="Fits">Whether their sizes agree.</param>
    private sealed record FoundLayer(string Kind, AdapterLayer Layer, BaseLayer BaseLayer, bool Fits);
}

/// <summary>A layer of an adapter and what it modifies.</summary>
/// <param name="BaseLayer">The layer of the checkpoint; null if there is none that it can be.</param>
/// <param name="Component">The part of the model, by the name or, if that does not say, by the pair.</param>
internal sealed record LayerPair(BaseLayer? BaseLayer, AdapterComponent Component)
{
    /// <summary>Why it has no partner although its name is known; null otherwise.</summary>
    public string? Problem { get; init; }

    /// <summary>A layer without a checkpoint.</summary>
    public static LayerPair None(AdapterLayer layer) => new(null, AdapterNames.ComponentOf(layer.Name));
}
