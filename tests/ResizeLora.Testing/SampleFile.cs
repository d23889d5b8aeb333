using System.Text;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>Collects tensors and writes them as a safetensors file.</summary>
internal sealed class SampleFile
{
    private readonly List<(TensorSpec Spec, byte[] Bytes)> _tensors = [];
    private readonly List<KeyValuePair<string, string>> _metadata = [];

    /// <summary>Adds a tensor of the matrix's entries.</summary>
    public SampleFile Add(string name, Matrix matrix, SafetensorsDType dtype = SafetensorsDType.F32, params long[] shape) =>
        AddRaw(name, dtype, shape.Length == 0 ? [matrix.Rows, matrix.Columns] : shape, Encode(matrix, dtype));

    /// <summary>Adds a scalar.</summary>
    public SampleFile AddScalar(string name, double value, SafetensorsDType dtype = SafetensorsDType.F32, params long[] shape)
    {
        var matrix = new Matrix(1, 1) { [0, 0] = value };
        return AddRaw(name, dtype, shape, Encode(matrix, dtype));
    }

    public SampleFile AddRaw(string name, SafetensorsDType dtype, IReadOnlyList<long> shape, byte[] bytes)
    {
        _tensors.Add((new TensorSpec(name, dtype, shape), bytes));
        return this;
    }

    public SampleFile AddMetadata(string key, string value)
    {
        _metadata.Add(new(key, value));
        return this;
    }

    /// <summary>Adds a kohya LoRA layer of random factors: up of out × rank, down of rank × in.</summary>
    public SampleFile AddLora(string name, int rows, int columns, int rank, Random random, double? alpha = null, SafetensorsDType dtype = SafetensorsDType.F32)
    {
        Add($"{name}.lora_up.weight", 0.1 * Matrix.Gaussian(rows, rank, random), dtype);
        Add($"{name}.lora_down.weight", 0.1 * Matrix.Gaussian(rank, columns, random), dtype);
        return alpha is { } value ? AddScalar($"{name}.alpha", value, dtype) : this;
    }

    /// <summary>Writes the file.</summary>
    /// <returns>Its path.</returns>
    public string Write(string path)
    {
        SafetensorsLayout layout = SafetensorsLayout.Create(_tensors.Select(tensor => tensor.Spec));
        Dictionary<string, byte[]> bytes = _tensors.ToDictionary(tensor => tensor.Spec.Name, tensor => tensor.Bytes, StringComparer.Ordinal);
        using FileStream stream = File.Create(path);
        stream.Write(layout.Header(_metadata.Count == 0 ? null : _metadata));
        foreach (TensorInfo tensor in layout.Tensors)
            stream.Write(bytes[tensor.Name]);
        return path;
    }

    /// <summary>Writes a file with any header, right or wrong.</summary>
    /// <returns>Its path.</returns>
    public static string WriteRaw(string path, string header, byte[] data, long? headerLength = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        using FileStream stream = File.Create(path);
        stream.Write(BitConverter.GetBytes(headerLength ?? json.LongLength));
        stream.Write(json);
        stream.Write(data);
        return path;
    }

    /// <summary>Reads a tensor as a matrix: rows = first dimension.</summary>
    public static Matrix ReadMatrix(SafetensorsFile file, string name)
    {
        TensorInfo tensor = file.Header.Find(name) ?? throw new ArgumentException($"No tensor '{name}'.", nameof(name));
        long rows = tensor.Shape.Count == 0 ? 1 : tensor.Shape[0];
        return PlainEngine.ToMatrix(new(name, file.Read(tensor), tensor.DType, rows, tensor.ElementCount / rows));
    }

    /// <summary>What is left of a matrix in a type that holds fewer digits.</summary>
    public static Matrix ReadBack(Matrix matrix, SafetensorsDType dtype) =>
        PlainEngine.ToMatrix(new("matrix", Encode(matrix, dtype), dtype, matrix.Rows, matrix.Columns));

    public static byte[] Encode(Matrix matrix, SafetensorsDType dtype)
    {
        int size = dtype.Format().Size;
        byte[] bytes = new byte[matrix.Rows * matrix.Columns * size];
        for (int i = 0; i < matrix.Rows * matrix.Columns; i++)
            SampleElement.Write(dtype, matrix[i / matrix.Columns, i % matrix.Columns], bytes.AsSpan(i * size));
        return bytes;
    }
}
