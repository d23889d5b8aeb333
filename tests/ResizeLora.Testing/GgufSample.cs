using System.Text;

namespace ResizeLora.Testing;

/// <summary>Collects tensors and writes them as a GGUF file, after the format's description and not after the product.</summary>
internal sealed class GgufSample
{
    public const uint F32 = 0;
    public const uint F16 = 1;
    public const uint Q4_0 = 2;
    public const uint Q8_0 = 8;

    private readonly List<(string Name, uint Type, long[] Shape, long Length, byte[] Bytes)> _tensors = [];
    private readonly List<byte[]> _values = [];

    /// <summary>The version of the format.</summary>
    public uint Version { get; init; } = 3;

    /// <summary>What positions of tensors are multiples of.</summary>
    public uint Alignment { get; init; } = 32;

    /// <summary>Adds a tensor whose dimensions are given as elsewhere, the one that varies fastest last.</summary>
    public GgufSample Add(string name, uint type, long[] shape, byte[] bytes)
    {
        _tensors.Add((name, type, shape, bytes.Length, bytes));
        return this;
    }

    /// <summary>Adds a tensor of so many zeros, which take no room on the disk.</summary>
    public GgufSample AddSparse(string name, uint type, long[] shape, long length)
    {
        _tensors.Add((name, type, shape, length, []));
        return this;
    }

    /// <summary>Adds a tensor of single precision.</summary>
    public GgufSample Add(string name, Matrix matrix, params long[] shape) =>
        Add(name, F32, shape.Length == 0 ? [matrix.Rows, matrix.Columns] : shape, SampleFile.Encode(matrix, Safetensors.SafetensorsDType.F32));

    public GgufSample AddText(string key, string value) => AddValue(key, 8, [.. Text(value)]);

    /// <summary>Adds a list of 32-bit integers.</summary>
    public GgufSample AddList(string key, params int[] items) =>
        AddValue(key, 9, [.. BitConverter.GetBytes(5), .. BitConverter.GetBytes((long)items.Length), .. items.SelectMany(BitConverter.GetBytes)]);

    /// <summary>Adds a list of texts.</summary>
    public GgufSample AddTexts(string key, params string[] items) =>
        AddValue(key, 9, [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes((long)items.Length), .. items.SelectMany(Text)]);

    /// <summary>Adds a value of any type.</summary>
    public GgufSample AddValue(string key, uint type, byte[] value)
    {
        _values.Add([.. Text(key), .. BitConverter.GetBytes(type), .. value]);
        return this;
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        WriteTo(stream);
        return stream.ToArray();
    }

    /// <summary>Writes the file.</summary>
    /// <returns>Its path.</returns>
    public string Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream stream = File.Create(path);
        WriteTo(stream);
        return path;
    }

    private void WriteTo(Stream stream)
    {
        if (Alignment != 32)
            AddValue("general.alignment", 4, BitConverter.GetBytes(Alignment));
        var header = new List<byte>([.. "GGUF"u8, .. BitConverter.GetBytes(Version), .. BitConverter.GetBytes((long)_tensors.Count), .. BitConverter.GetBytes((long)_values.Count)]);
        _values.ForEach(header.AddRange);
        long offset = 0;
        foreach ((string name, uint type, long[] shape, long length, _) in _tensors)
        {
            header.AddRange(Text(name));
            header.AddRange(BitConverter.GetBytes(shape.Length));
            foreach (long size in shape.Reverse())
                header.AddRange(BitConverter.GetBytes(size));
            header.AddRange(BitConverter.GetBytes(type));
            header.AddRange(BitConverter.GetBytes(offset));
            offset += Aligned(length);
        }

        header.AddRange(new byte[Aligned(header.Count) - header.Count]);
        stream.Write(header.ToArray());
        long position = header.Count;
        foreach ((_, _, _, long length, byte[] bytes) in _tensors)
        {
            stream.Position = position;
            stream.Write(bytes);
            position += Aligned(length);
        }

        stream.SetLength(position);
    }

    private long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static IEnumerable<byte> Text(string text) => [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];
}
