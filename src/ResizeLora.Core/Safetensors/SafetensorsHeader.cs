namespace ResizeLora.Safetensors;

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
