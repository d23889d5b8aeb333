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

/// <summary>The role of a tensor in an adapter layer; in the order in which a layer's tensors are read.</summary>
internal enum TensorRole
{
    /// <summary>B of B · A.</summary>
    Up,

    /// <summary>A of B · A.</summary>
    Down,

    /// <summary>The core between B and A, which has the kernel.</summary>
    Mid,

    /// <summary>ΔW itself.</summary>
    Diff,

    /// <summary>The left factor of the first matrix of LoHa.</summary>
    HadaW1A,

    /// <summary>The right factor of the first matrix of LoHa.</summary>
    HadaW1B,

    /// <summary>The core of the first matrix of LoHa.</summary>
    HadaT1,

    /// <summary>The left factor of the second matrix of LoHa.</summary>
    HadaW2A,

    /// <summary>The right factor of the second matrix of LoHa.</summary>
    HadaW2B,

    /// <summary>The core of the second matrix of LoHa.</summary>
    HadaT2,

    /// <summary>The first matrix of LoKr.</summary>
    LokrW1,

    /// <summary>The left factor of the first matrix of LoKr.</summary>
    LokrW1A,

    /// <summary>The right factor of the first matrix of LoKr.</summary>
    LokrW1B,

    /// <summary>The second matrix of LoKr.</summary>
    LokrW2,

    /// <summary>The left factor of the second matrix of LoKr.</summary>
    LokrW2A,

    /// <summary>The right factor of the second matrix of LoKr.</summary>
    LokrW2B,

    /// <summary>The core of the second matrix of LoKr.</summary>
    LokrT2,

    /// <summary>DoRA's magnitudes, one per output or one per input.</summary>
    DoraScale,

    /// <summary>DoRA's magnitudes, always one per output.</summary>
    MagnitudeVector,

    /// <summary>The numerator of the scale.</summary>
    Alpha,
}
