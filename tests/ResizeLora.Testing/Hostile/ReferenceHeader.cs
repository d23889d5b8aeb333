using System.Globalization;

namespace ResizeLora.Testing.Hostile;

/// <summary>A tensor as the reference has it.</summary>
internal sealed record ReferenceTensor(string Name, string DType, ulong[] Shape, ulong Begin, ulong End);

/// <summary>
/// The rules of the reference implementation for a header, in its own order and with its own arithmetic; and what the
/// product refuses beyond them, by design.
/// </summary>
/// <remarks>https://github.com/huggingface/safetensors, functions <c>read_metadata</c> and <c>validate</c>.</remarks>
internal sealed record ReferenceHeader(
    IReadOnlyList<ReferenceTensor> Tensors,
    IReadOnlyList<(string Name, string Text)> Metadata,
    IReadOnlyList<string> Strictness)
{
    private const string MetadataName = "__metadata__";

    /// <exception cref="FormatException">The reference refuses it.</exception>
    public static ReferenceHeader Parse(byte[] json, long dataLength)
    {
        var strictness = new List<string>();
        (object value, int depth) = ReferenceJson.Parse(json);
        if (depth > 16)
            strictness.Add("deep nesting");

        List<(string Name, object Value)> members = Members(value);
        if (members.Count(member => member.Name == MetadataName) > 1)
            throw new FormatException("metadata twice");
        if (members.DistinctBy(member => member.Name, StringComparer.Ordinal).Count() < members.Count)
            strictness.Add("a name twice");

        // In a map the last of a name wins.
        Dictionary<string, ReferenceTensor> tensors = new(StringComparer.Ordinal);
        List<(string, string)> metadata = [];
        foreach ((string name, object member) in members)
        {
            if (name != MetadataName)
                tensors[name] = Tensor(name, member, strictness);
            else if (member is ReferenceJson.Word { Text: "null" })
                strictness.Add("metadata of null");
            else
                metadata = Texts(member, strictness);
        }

        ReferenceTensor[] sorted = [.. tensors.Values.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End)];
        CheckLayout(sorted, (ulong)dataLength, strictness);
        return new ReferenceHeader(sorted, metadata, strictness);
    }

    private static void CheckLayout(ReferenceTensor[] tensors, ulong dataLength, List<string> strictness)
    {
        ulong start = 0;
        foreach (ReferenceTensor tensor in tensors)
        {
            if (tensor.Begin != start || tensor.End < tensor.Begin)
                throw new FormatException("offset");

            start = tensor.End;
            if (ByteCount(tensor, strictness) != tensor.End - tensor.Begin)
                throw new FormatException("info");
        }

        if (start != dataLength)
            throw new FormatException("incomplete");
    }

    private static ulong ByteCount(ReferenceTensor tensor, List<string> strictness)
    {
        try
        {
            ulong elements = tensor.Shape.Aggregate(1ul, (product, size) => checked(product * size));
            ulong bits = checked(elements * BitsOf(tensor.DType));
            if (elements == 0 && PassesBound(tensor))
                strictness.Add("an empty tensor of absurd shape");
            return bits % 8 == 0 ? bits / 8 : throw new FormatException("misaligned");
        }
        catch (OverflowException)
        {
            throw new FormatException("overflow");
        }
    }

    /// <summary>Whether the product of the first few sizes does not fit into 63 bits, whatever comes later.</summary>
    private static bool PassesBound(ReferenceTensor tensor)
    {
        UInt128 bits = BitsOf(tensor.DType);
        return tensor.Shape.Any(size => (bits *= size) > long.MaxValue);
    }

    private static ReferenceTensor Tensor(string name, object value, List<string> strictness)
    {
        ILookup<string, object> fields = Members(value).ToLookup(field => field.Name, field => field.Value, StringComparer.Ordinal);
        ulong[] offsets = Numbers(Field("data_offsets"), strictness);
        return Field("dtype") is string dtype && BitsOf(dtype) > 0 && offsets.Length == 2
            ? new ReferenceTensor(name, dtype, Numbers(Field("shape"), strictness), offsets[0], offsets[1])
            : throw new FormatException("tensor");

        object Field(string field) => fields[field].Count() == 1 ? fields[field].Single() : throw new FormatException("fields");
    }

    private static ulong[] Numbers(object value, List<string> strictness)
    {
        if (value is not List<object> items)
            throw new FormatException("array");

        ulong[] numbers = [.. items.Select(item =>
            item is ReferenceJson.Number { Text: { } text } && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
                ? number
                : throw new FormatException("number"))];
        if (numbers.Any(number => number > long.MaxValue))
            strictness.Add("a number beyond 2^63-1");
        return numbers;
    }

    private static List<(string, string)> Texts(object value, List<string> strictness)
    {
        List<(string Name, object Value)> members = Members(value);
        if (members.DistinctBy(member => member.Name, StringComparer.Ordinal).Count() < members.Count)
            strictness.Add("a metadata key twice");
        return [.. members.Select(member => (member.Name, member.Value as string ?? throw new FormatException("text")))];
    }

    private static List<(string Name, object Value)> Members(object value) =>
        value as List<(string, object)> ?? throw new FormatException("object");

    private static ulong BitsOf(string dtype) => dtype switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "C64" or "F64" or "I64" or "U64" => 64,
        _ => 0,
    };
}
