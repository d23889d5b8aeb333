using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>A safetensors file as the specification has it, read by code that is not the product's.</summary>
internal sealed class ReferenceFile
{
    private readonly byte[] _data;
    private readonly JsonElement _header;

    private ReferenceFile(JsonElement header, byte[] data)
    {
        _header = header;
        _data = data;
    }

    /// <summary>Names of all tensors, in the order of the header.</summary>
    public IReadOnlyList<string> Names => [.. _header.EnumerateObject().Select(property => property.Name).Where(name => name != "__metadata__")];

    public IReadOnlyDictionary<string, string> Metadata => _header.TryGetProperty("__metadata__", out JsonElement metadata)
        ? metadata.EnumerateObject().ToDictionary(property => property.Name, property => property.Value.GetString()!, StringComparer.Ordinal)
        : [];

    /// <summary>SHA-256 over the bytes of the tensors.</summary>
    public string ModelHash => Convert.ToHexStringLower(SHA256.HashData(_data));

    /// <summary>Of the file with its ss_* metadata only: SHA-256 over 0x10000 bytes from 0x100000, first 8 digits.</summary>
    public string LegacyHash
    {
        get
        {
            // The texts of the samples need no escapes, so that plain joining gives what the reference library would write.
            var json = new StringBuilder("{\"__metadata__\":{");
            json.AppendJoin(',', Metadata.Where(pair => pair.Key.StartsWith("ss_", StringComparison.Ordinal)).Select(pair => $"\"{pair.Key}\":\"{pair.Value}\""));
            json.Append('}');
            foreach (JsonProperty tensor in _header.EnumerateObject().Where(property => property.Name != "__metadata__"))
                json.Append(',').Append(System.Globalization.CultureInfo.InvariantCulture, $"\"{tensor.Name}\":{tensor.Value.GetRawText()}");
            json.Append('}');
            while (json.Length % 8 != 0)
                json.Append(' ');
            byte[] header = Encoding.ASCII.GetBytes(json.ToString());
            byte[] length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            byte[] file = [.. length, .. header, .. _data];
            return Convert.ToHexStringLower(SHA256.HashData(file[Math.Min(0x100000, file.Length)..Math.Min(0x110000, file.Length)]))[..8];
        }
    }

    public static ReferenceFile Open(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return new ReferenceFile(JsonDocument.Parse(bytes.AsMemory(8, length)).RootElement, bytes[(8 + length)..]);
    }

    public bool Has(string name) => _header.TryGetProperty(name, out _);

    public string DType(string name) => _header.GetProperty(name).GetProperty("dtype").GetString()!;

    public IReadOnlyList<long> Shape(string name) => [.. _header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];

    public byte[] Bytes(string name)
    {
        JsonElement offsets = _header.GetProperty(name).GetProperty("data_offsets");
        return _data[offsets[0].GetInt32()..offsets[1].GetInt32()];
    }
}
