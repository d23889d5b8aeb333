using ResizeLora.Safetensors;

namespace ResizeLora.Testing.Hostile;

/// <summary>A tensor with its bytes.</summary>
internal sealed record SampleTensor(string Name, SafetensorsDType DType, IReadOnlyList<long> Shape, byte[] Bytes)
{
    public static SampleTensor Filled(string name, SafetensorsDType dtype, IReadOnlyList<long> shape, Filling filling, int seed) =>
        new(name, dtype, shape, Elements.Fill(dtype, shape.Aggregate(1L, (product, size) => product * size), filling, seed));

    /// <summary>A tensor of one number, as often as the shape says.</summary>
    public static SampleTensor Of(SafetensorsDType dtype, IReadOnlyList<long> shape, double value)
    {
        int size = dtype.Format().Size;
        byte[] bytes = new byte[size * shape.Aggregate(1L, (product, count) => product * count)];
        for (int i = 0; i < bytes.Length; i += size)
            Elements.Write(dtype, value, bytes.AsSpan(i, size));
        return new SampleTensor(string.Empty, dtype, shape, bytes);
    }

    /// <summary>A file of tensors; of two with one name, the first.</summary>
    public static byte[] File(IEnumerable<SampleTensor> tensors, IEnumerable<(string Key, string Value)> metadata)
    {
        Dictionary<string, SampleTensor> byName = tensors.DistinctBy(tensor => tensor.Name).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        SafetensorsLayout layout = SafetensorsLayout.Create(byName.Values.Select(tensor => new TensorSpec(tensor.Name, tensor.DType, tensor.Shape)));
        byte[] header = layout.Header([.. metadata.DistinctBy(pair => pair.Key).Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value))]);
        return [.. header, .. layout.Tensors.SelectMany(tensor => byName[tensor.Name].Bytes)];
    }
}
