using System.Text.Json;
using System.Text.Unicode;

namespace ResizeLora.Safetensors;

/// <summary>
/// Reads and validates a header as the reference implementation does, and in two points more strictly:
/// no name and no metadata key may occur twice.
/// </summary>
/// <remarks>https://github.com/huggingface/safetensors#format</remarks>
internal static class SafetensorsHeaderParser
{
    /// <summary>The reference implementation's cap on the length of a header, in bytes.</summary>
    public const long MaximumLength = 100_000_000;

    /// <summary>Bytes of the length that stands before the header.</summary>
    public const int LengthSize = sizeof(ulong);

    private const string MetadataKey = "__metadata__";

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 16 };

    /// <summary>Parses a header of a file with <paramref name="dataLength"/> bytes after the header.</summary>
    /// <exception cref="FormatException">The header is not valid; the message says where and why.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength)
    {
        var tensors = new List<TensorInfo>();
        var metadata = new List<KeyValuePair<string, string>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (!Utf8.IsValid(json))
            throw new FormatException("the header is not valid UTF-8");

        try
        {
            var reader = new Utf8JsonReader(json, Options);
            Expect(ref reader, JsonTokenType.StartObject, "the header");
            while (NextProperty(ref reader, out string name))
            {
                if (!names.Add(name))
                    throw new FormatException($"the header names '{Shorten(name)}' twice");

                if (string.Equals(name, MetadataKey, StringComparison.Ordinal))
                    ReadMetadata(ref reader, metadata);
                else
                    tensors.Add(ReadTensor(ref reader, name));
            }

            if (reader.Read())
                throw new FormatException("there is text after the end of the header's JSON object");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"the header is not valid JSON: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // Utf8JsonReader defers this check to the moment when a text is asked for.
            throw new FormatException("the header holds text that is not valid Unicode", exception);
        }

        tensors.Sort(ByPosition);
        CheckLayout(tensors, dataLength);
        return new SafetensorsHeader(tensors, metadata, names.Contains(MetadataKey), LengthSize + json.Length);
    }

    private static int ByPosition(TensorInfo left, TensorInfo right)
    {
        int order = left.Begin.CompareTo(right.Begin);
        return order != 0 ? order : left.End.CompareTo(right.End);
    }

    private static TensorInfo ReadTensor(ref Utf8JsonReader reader, string name)
    {
        SafetensorsDType? dtype = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, $"tensor '{Shorten(name)}'");
        while (NextProperty(ref reader, out string field))
        {
            bool repeated = false;
            switch (field)
            {
                case "dtype":
                    repeated = dtype is not null;
                    dtype = ReadDType(ref reader, name);
                    break;
                case "shape":
                    repeated = shape is not null;
                    shape = ReadNumbers(ref reader, name, field);
                    break;
                case "data_offsets":
                    repeated = offsets is not null;
                    offsets = ReadNumbers(ref reader, name, field);
                    break;
                default:
                    reader.Skip();
                    break;
            }

            if (repeated)
                throw new FormatException($"tensor '{Shorten(name)}' has '{field}' twice");
        }

        if (dtype is null || shape is null || offsets is null)
            throw new FormatException($"tensor '{Shorten(name)}' lacks {(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");

        if (offsets.Count != 2)
            throw new FormatException($"tensor '{Shorten(name)}' has {offsets.Count} data_offsets instead of 2");

        return new TensorInfo(name, dtype.Value, shape, offsets[0], offsets[1]);
    }

    private static SafetensorsDType ReadDType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, $"dtype of tensor '{Shorten(name)}'");
        string text = reader.GetString()!;
        return SafetensorsDTypes.TryParse(text, out SafetensorsDType dtype)
            ? dtype
            : throw new FormatException($"tensor '{Shorten(name)}' has the unknown dtype '{Shorten(text)}'");
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string field)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, $"{field} of tensor '{Shorten(name)}'");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw new FormatException($"{field} of tensor '{Shorten(name)}' holds something that is not a whole number from 0 to 2^63-1");

            numbers.Add(number);
        }

        return numbers;
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, List<KeyValuePair<string, string>> metadata)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        Expect(ref reader, JsonTokenType.StartObject, MetadataKey);
        while (NextProperty(ref reader, out string key))
        {
            if (!keys.Add(key))
                throw new FormatException($"{MetadataKey} has the key '{Shorten(key)}' twice");

            Expect(ref reader, JsonTokenType.String, $"{MetadataKey} '{Shorten(key)}'");
            metadata.Add(new(key, reader.GetString()!));
        }
    }

    /// <summary>The tensors must fill the rest of the file without hole and without overlap.</summary>
    private static void CheckLayout(List<TensorInfo> tensors, long dataLength)
    {
        long position = 0;
        foreach (TensorInfo tensor in tensors)
        {
            string name = Shorten(tensor.Name);
            if (tensor.End < tensor.Begin)
                throw new FormatException($"tensor '{name}' ends before it begins");

            if (tensor.Begin != position)
                throw new FormatException($"tensor '{name}' begins at {tensor.Begin}, {(tensor.Begin < position ? "inside the tensor before it" : "which leaves a hole")} (expected {position})");

            if (tensor.End > dataLength)
                throw new FormatException($"tensor '{name}' ends at byte {tensor.End}, but the file has only {dataLength} bytes of tensors: it is truncated");

            if (ByteCount(tensor) is not { } bytes)
                throw new FormatException($"tensor '{name}' is too large: its shape {tensor.ShapeText} overflows");

            if (bytes != tensor.ByteCount)
                throw new FormatException($"tensor '{name}' of shape {tensor.ShapeText} and dtype {tensor.DType} needs {bytes} bytes, but its offsets give it {tensor.ByteCount}");

            position = tensor.End;
        }

        if (position != dataLength)
            throw new FormatException($"the tensors end at byte {position}, but the file has {dataLength} bytes of tensors");
    }

    private static long? ByteCount(TensorInfo tensor)
    {
        UInt128 bits = (UInt128)tensor.DType.BitSize();
        foreach (long size in tensor.Shape)
        {
            bits *= (UInt128)size;
            if (bits > (UInt128)long.MaxValue)
                return null;
        }

        return bits % 8 == 0 ? (long)(bits / 8) : throw new FormatException($"tensor '{Shorten(tensor.Name)}' does not end on a whole byte");
    }

    private static bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        name = string.Empty;
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
            return false;

        name = reader.GetString()!;
        return true;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new FormatException($"{what} is not a JSON {(type == JsonTokenType.StartObject ? "object" : type == JsonTokenType.StartArray ? "array" : "string")}");
    }

    /// <summary>Names come from files that anybody may have made: keep messages short and free of control characters.</summary>
    private static string Shorten(string text)
    {
        const int limit = 120;
        string head = text.Length <= limit ? text : text[..limit] + "…";
        return string.Concat(head.Select(c => char.IsControl(c) ? '?' : c));
    }
}
