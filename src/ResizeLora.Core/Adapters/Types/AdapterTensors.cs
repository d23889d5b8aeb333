using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>The tensors of one adapter layer, by what they are for.</summary>
internal sealed class AdapterTensors(IEnumerable<KeyValuePair<TensorRole, TensorInfo>> tensors)
{
    private readonly SortedDictionary<TensorRole, TensorInfo> _tensors = new(new Dictionary<TensorRole, TensorInfo>(tensors));

    public IReadOnlyCollection<TensorRole> Roles => _tensors.Keys;

    /// <summary>All of them, in the order of their roles.</summary>
    public IReadOnlyCollection<TensorInfo> All => _tensors.Values;

    /// <summary>A tensor that the layer must have.</summary>
    public TensorInfo this[TensorRole role] => _tensors[role];

    public TensorInfo? Find(TensorRole role) => _tensors.GetValueOrDefault(role);

    public bool Has(params TensorRole[] roles) => Array.TrueForAll(roles, _tensors.ContainsKey);

    public bool HasAny(params TensorRole[] roles) => Array.Exists(roles, _tensors.ContainsKey);

    /// <summary>The shapes of some tensors, for messages.</summary>
    public string Shapes(params TensorRole[] roles) => string.Join(" and ", roles.Select(Find).OfType<TensorInfo>().Select(tensor => tensor.ShapeText));
}
