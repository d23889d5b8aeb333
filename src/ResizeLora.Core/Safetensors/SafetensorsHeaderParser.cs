using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace ResizeLora.Safetensors;

/// <summary>
/// Reads and validates a header as the reference implementation does, and more strictly where that costs no real file:
/// no name and no metadata key may occur twice, metadata is not null, nesting ends at a depth of 16, and numbers, also
/// products of a shape's numbers, fit into 63 bits.
/// </summary>
/// <remarks>
/// https://github.com/huggingface/safetensors#format. Optimised at once: a header has thousands of tensors, and many a run
/// reads nothing but headers.
/// </remarks>
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength)
    {
        var tensors = new List<TensorInfo>();
        var metadata = new List<KeyValuePair<string, string>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (!Utf8.IsValid(json))
            throw new FormatException($"the header is not valid UTF-8 at byte {FirstInvalid(json) + 1}");

        var reader = new Utf8JsonReader(json, Options);
        try
        {
            Expect(ref reader, JsonTokenType.StartObject, "the header");
            while (NextProperty(ref reader, out string name))
            {
                if (!names.Add(name))
                    throw new FormatException($"the header names '{DisplayText.Of(name)}' twice");

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
            throw NotJson(exception);
        }
        catch (InvalidOperationException exception)
        {
            // Utf8JsonReader defers this check until a string is read.
            throw new FormatException($"the header contains text that is not valid Unicode at byte {reader.TokenStartIndex + 1}", exception);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TensorInfo ReadTensor(ref Utf8JsonReader reader, string name)
    {
        SafetensorsDType? dtype = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, "tensor", name);
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
                    Skip(ref reader);
                    break;
            }

            if (repeated)
                throw new FormatException($"tensor '{DisplayText.Of(name)}' has '{field}' twice");
        }

        if (dtype is null || shape is null || offsets is null)
            throw new FormatException($"tensor '{DisplayText.Of(name)}' lacks {(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");

        if (offsets.Count != 2)
            throw new FormatException($"tensor '{DisplayText.Of(name)}' has {offsets.Count} data_offsets instead of 2");

        return new TensorInfo(name, dtype.Value, shape, offsets[0], offsets[1]);
    }

    private static SafetensorsDType ReadDType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, "dtype of tensor", name);
        string text = reader.GetString()!;
        return ElementFormat.Find(text)?.DType
            ?? throw new FormatException($"tensor '{DisplayText.Of(name)}' has the unknown dtype '{DisplayText.Of(text)}'");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string field)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, $"{field} of tensor", name);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            // A sign is wrong also before 0.
            if (reader.TokenType != JsonTokenType.Number || reader.ValueSpan[0] == '-' || !reader.TryGetInt64(out long number))
                throw new FormatException($"{field} of tensor '{DisplayText.Of(name)}' contains something that is not a whole number from 0 to 2^63-1");

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
                throw new FormatException($"{MetadataKey} has the key '{DisplayText.Of(key)}' twice");

            Expect(ref reader, JsonTokenType.String, MetadataKey, key);
            metadata.Add(new(key, reader.GetString()!));
        }
    }

    /// <summary>The tensors must fill the rest of the file without hole and without overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckLayout(List<TensorInfo> tensors, long dataLength)
    {
        long position = 0;
        foreach (TensorInfo tensor in tensors)
        {
            if (FirstProblem(tensor, position, dataLength) is { } problem)
                throw new FormatException($"tensor '{DisplayText.Of(tensor.Name)}' {problem}");

            position = tensor.End;
        }

        if (position != dataLength)
            throw new FormatException($"the tensors end at byte {position}, but the file has {dataLength} bytes of tensors");
    }

    /// <summary>What is wrong with a tensor that should begin at a position; null if nothing is.</summary>
    private static string? FirstProblem(TensorInfo tensor, long position, long dataLength)
    {
        if (tensor.End < tensor.Begin)
            return "ends before it begins";

        if (tensor.Begin != position)
            return $"begins at {tensor.Begin}, {(tensor.Begin < position ? "inside the tensor before it" : "which leaves a hole")} (expected {position})";

        if (tensor.End > dataLength)
            return $"ends at byte {tensor.End}, but the file has only {dataLength} bytes of tensors: it is truncated";

        if (BitCount(tensor) is not { } bits)
            return $"is too large: its shape {tensor.ShapeText} overflows";

        if (bits % 8 != 0)
            return "does not end on a whole byte";

        return bits / 8 == tensor.ByteCount
            ? null
            : $"of shape {tensor.ShapeText} and dtype {tensor.DType} needs {bits / 8} bytes, but its offsets give it {tensor.ByteCount}";
    }

    private static long? BitCount(TensorInfo tensor)
    {
        UInt128 bits = (UInt128)tensor.DType.Format().Bits;
        foreach (long size in tensor.Shape)
        {
            bits *= (UInt128)size;
            if (bits > (UInt128)long.MaxValue)
                return null;
        }

        return (long)bits;
    }

    /// <summary>Passes over a value that means nothing here; the reference reads its texts and numbers all the same.</summary>
    private static void Skip(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        do
        {
            reader.Read();
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                reader.GetString();
            else if (reader.TokenType == JsonTokenType.Number && !double.IsFinite(reader.GetDouble()))
                throw new FormatException($"the header contains a number that is too large at byte {reader.TokenStartIndex + 1}");
        }
        while (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || reader.CurrentDepth > depth);
    }

    private static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        int position = 0;
        while (Rune.DecodeFromUtf8(utf8[position..], out _, out int length) == OperationStatus.Done)
            position += length;
        return position;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        name = string.Empty;
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
            return false;

        name = reader.GetString()!;
        return true;
    }

    /// <summary>The reader's own message may quote what it does not understand, however long that is.</summary>
    private static FormatException NotJson(JsonException exception)
    {
        string reason = exception.Message.Split(" LineNumber:")[0].TrimEnd('.');
        return new FormatException($"the header is not valid JSON in line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {DisplayText.Of(reason)}", exception);
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what, string? name = null)
    {
        if (reader.Read() && reader.TokenType == type)
            return;

        string kind = type == JsonTokenType.StartObject ? "object" : type == JsonTokenType.StartArray ? "array" : "string";
        throw new FormatException($"{what}{(name is null ? string.Empty : $" '{DisplayText.Of(name)}'")} is not a JSON {kind}");
    }
}
