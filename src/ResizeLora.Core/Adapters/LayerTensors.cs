using ResizeLora.Adapters.Names;
using ResizeLora.Adapters.Types;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>The tensors that share a layer name, while a file is being sorted.</summary>
internal sealed class LayerTensors(string name)
{
    private readonly List<TensorInfo> _tensors = [];
    private readonly Dictionary<AdapterNaming, (TensorInfo? Up, TensorInfo? Down)> _pairs = [];
    private readonly Dictionary<TensorRole, TensorInfo> _parts = [];
    private string? _problem;
    private string? _companion;

    public string Name => name;

    /// <summary>The names that an alpha of this layer may have.</summary>
    public IEnumerable<string> AlphaNames =>
        _pairs.Count == 0
            ? [name + AdapterNaming.UsualAlphaSuffix]
            : _pairs.Keys.Select(naming => naming.AlphaName(name)).OfType<string>().Distinct();

    /// <summary>The name of a tensor that only belongs to the layer because of what the layer is.</summary>
    public string? CompanionName => _companion is null ? null : name + _companion;

    public void AddFactor(TensorInfo tensor, FactorName factor)
    {
        _tensors.Add(tensor);
        (TensorInfo? up, TensorInfo? down) = _pairs.GetValueOrDefault(factor.Naming);
        _pairs[factor.Naming] = factor.IsUp ? (tensor, down) : (up, tensor);
    }

    public void AddPart(TensorInfo tensor, TensorRole role)
    {
        _tensors.Add(tensor);
        if (!_parts.TryAdd(role, tensor))
            _problem ??= "two tensors with the same role";
    }

    public void AddRefused(TensorInfo tensor, RefusedType type)
    {
        _tensors.Add(tensor);
        _problem ??= type.Name;
        _companion ??= type.Companion;
    }

    public void AddCompanion(TensorInfo tensor) => _tensors.Add(tensor);

    /// <summary>The layer, or what it is instead: one of both is null.</summary>
    /// <exception cref="ResizeLoraException">The file contains the layer twice, in two naming styles.</exception>
    public (AdapterLayer? Layer, UnsupportedLayer? Unsupported) Build(string path)
    {
        if (_problem is not null)
            return (null, Unsupported(_problem));

        foreach ((TensorInfo? up, TensorInfo? down) in _pairs.Values)
        {
            if (up is null || down is null)
                return (null, Unsupported($"half a pair: the {(up is null ? "up" : "down")} factor is missing"));
        }

        if (_pairs.Count > 1)
            throw AdapterErrors.LayerTwice(path, name, _pairs.Values.Select(pair => pair.Up!.Name));

        AdapterNaming? naming = _pairs.Keys.SingleOrDefault();
        if (naming is not null)
        {
            _parts[TensorRole.Up] = _pairs[naming].Up!;
            _parts[TensorRole.Down] = _pairs[naming].Down!;
        }

        var tensors = new AdapterTensors(_parts);
        (AdapterType? type, string? problem) = AdapterType.Of(tensors);
        if (type is null)
            return (null, Unsupported(problem!));

        (Magnitude? magnitude, problem) = Magnitude.Of(tensors, type.Shape(tensors));
        if (problem is not null)
            return (null, Unsupported(problem));

        WrittenNames written = naming is null ? WrittenNames.For(name) : WrittenNames.Of(naming, name);
        return (new AdapterLayer(name, type, tensors, written)
        {
            Magnitude = magnitude,
            MustStay = magnitude is not null || written.Alpha is null,
        }, null);
    }

    private UnsupportedLayer Unsupported(string reason) => new(name, _tensors, reason);
}
