namespace ResizeLora.Safetensors;

/// <summary>The header of a file of tensors, fully validated: each lies within the file, and no two share a byte.</summary>
internal class TensorHeader
{
    private readonly Dictionary<string, TensorInfo> _byName;

    internal TensorHeader(IReadOnlyList<TensorInfo> tensors, long dataStart)
    {
        Tensors = tensors;
        DataStart = dataStart;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>All tensors in the order of their bytes.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Position in the file of offset 0 of the tensors.</summary>
    public long DataStart { get; }

    public TensorInfo? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A text of the free-form metadata; null if there is none of the name.</summary>
    public virtual string? FindMetadata(string key) => null;
}

/// <summary>The header of a safetensors file: every byte of the file belongs to exactly one tensor.</summary>
internal sealed class SafetensorsHeader : TensorHeader
{
    private readonly Dictionary<string, string> _byKey;

    internal SafetensorsHeader(
        IReadOnlyList<TensorInfo> tensors,
        IReadOnlyList<KeyValuePair<string, string>> metadata,
        bool hasMetadata,
        long dataStart)
        : base(tensors, dataStart)
    {
        Metadata = metadata;
        HasMetadata = hasMetadata;
        _byKey = metadata.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>The free-form metadata, in the order of the file.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; }

    public bool HasMetadata { get; }

    /// <inheritdoc/>
    public override string? FindMetadata(string key) => _byKey.GetValueOrDefault(key);
}
