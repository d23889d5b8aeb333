using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>The tensors that share a layer name, while a file is being sorted.</summary>
internal sealed class LayerTensors(string name)
{
    private readonly List<TensorInfo> _tensors = [];
    private readonly Dictionary<AdapterNaming, (TensorInfo? Up, TensorInfo? Down)> _pairs = [];
    private string? _otherKind;
    private TensorInfo? _alpha;

    public string Name => name;

    /// <summary>The names that an alpha of this layer may have.</summary>
    public IEnumerable<string> AlphaNames =>
        _pairs.Count == 0
            ? [name + AdapterNaming.UsualAlphaSuffix]
            : _pairs.Keys.Select(naming => naming.AlphaName(name)).OfType<string>().Distinct();

    public void AddFactor(TensorInfo tensor, FactorName factor)
    {
        _tensors.Add(tensor);
        (TensorInfo? up, TensorInfo? down) = _pairs.GetValueOrDefault(factor.Naming);
        _pairs[factor.Naming] = factor.IsUp ? (tensor, down) : (up, tensor);
    }

    public void AddOther(TensorInfo tensor, string reason)
    {
        _tensors.Add(tensor);
        _otherKind ??= reason;
    }

    public void AddAlpha(TensorInfo tensor)
    {
        _tensors.Add(tensor);
        _alpha = tensor;
    }

    /// <summary>The layer, or what it is instead: one of both is null.</summary>
    /// <exception cref="ResizeLoraException">The file holds the layer twice, in two styles of naming.</exception>
    public (AdapterLayer? Layer, UnsupportedLayer? Unsupported) Build(string path)
    {
        if (_otherKind is not null)
            return (null, Unsupported(_otherKind));

        foreach ((TensorInfo? up, TensorInfo? down) in _pairs.Values)
        {
            if (up is null || down is null)
                return (null, Unsupported($"half a pair: {(up is null ? "up" : "down")} factor missing"));
        }

        if (_pairs.Count > 1)
            throw PairingFault.LayerTwice(path, name);

        (AdapterNaming naming, (TensorInfo? onlyUp, TensorInfo? onlyDown)) = _pairs.Single();
        var layer = new AdapterLayer(name, onlyUp!, onlyDown!, _alpha, naming.AlphaName(name));
        return FactorCheck.FirstProblem(layer) is { } problem ? (null, Unsupported(problem)) : (layer, null);
    }

    private UnsupportedLayer Unsupported(string reason) => new(name, _tensors, reason);
}
