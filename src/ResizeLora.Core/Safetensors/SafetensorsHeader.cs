namespace ResizeLora.Safetensors;

/// <summary>The header of a safetensors file, wholly validated: every byte of the file belongs to exactly one tensor.</summary>
internal sealed class SafetensorsHeader
{
    private readonly Dictionary<string, TensorInfo> _byName;
    private readonly Dictionary<string, string> _byKey;

    internal SafetensorsHeader(
        IReadOnlyList<TensorInfo> tensors,
        IReadOnlyList<KeyValuePair<string, string>> metadata,
        bool hasMetadata,
        long dataStart)
    {
        Tensors = tensors;
        Metadata = metadata;
        HasMetadata = hasMetadata;
        DataStart = dataStart;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _byKey = metadata.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>All tensors in the order of their bytes.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>The free-form metadata, in the order of the file.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; }

    public bool HasMetadata { get; }

    /// <summary>Position in the file of offset 0 of the tensors.</summary>
    public long DataStart { get; }

    public TensorInfo? Find(string name) => _byName.GetValueOrDefault(name);

    public string? FindMetadata(string key) => _byKey.GetValueOrDefault(key);
}
