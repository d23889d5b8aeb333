using System.Text;
using CsCheck;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing.Hostile;

/// <summary>A header and the number of bytes that are said to follow it.</summary>
internal sealed record HeaderCase(byte[] Json, long DataLength)
{
    /// <summary>For messages: as text, without what a terminal would obey.</summary>
    public override string ToString()
    {
        const int limit = 4000;
        string text = string.Concat(Encoding.Latin1.GetString(Json[..Math.Min(limit, Json.Length)])
            .Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\x{(int)c:X2}"));
        return $"{Json.Length} bytes of header before {DataLength} of data: {text}";
    }
}

/// <summary>Headers: right ones, and what mutations make of them.</summary>
internal static class HeaderCases
{
    private static readonly Gen<TensorSpec> Tensor = Gen.Select(
        Gen.Int[0, 9],
        Gen.OneOf(".lora_up.weight", ".lora_down.weight", ".alpha", ".weight", string.Empty),
        Gen.Enum<SafetensorsDType>(),
        Gen.Frequency((1, Gen.Long[0, 0]), (9, Gen.Long[1, 6])).Array[0, 5],
        (number, suffix, dtype, shape) => new TensorSpec($"layer_{number}{suffix}", dtype, Whole(dtype, shape)));

    private static readonly Gen<KeyValuePair<string, string>> Metadata =
        Gen.Select(Gen.String[0, 8], Gen.String[0, 20], (key, value) => new KeyValuePair<string, string>(Valid(key), Valid(value)));

    /// <summary>Headers without fault.</summary>
    public static Gen<HeaderCase> Right { get; } = Gen.Select(
        Tensor.Array[0, 6],
        Metadata.Array[0, 3].Null(0.3),
        (tensors, metadata) =>
        {
            SafetensorsLayout layout = SafetensorsLayout.Create(tensors.DistinctBy(tensor => tensor.Name));
            byte[] header = layout.Header(metadata?.DistinctBy(pair => pair.Key).ToArray());
            return new HeaderCase(header[SafetensorsHeaderParser.LengthSize..], layout.DataLength);
        });

    /// <summary>Headers with any number of faults, none included.</summary>
    public static Gen<HeaderCase> Mutated { get; } = Gen.Select(
        Right,
        Gen.Frequency((1, Gen.Const(Array.Empty<HeaderMutation>())), (5, HeaderMutations.Any.Array[1, 4])),
        Gen.Frequency(
            (3, Gen.Const(Array.Empty<ByteMutation>())),
            (2, ByteMutations.Any(Right.Select(other => other.Json)).Array[1, 3])),
        Gen.Frequency((12, Gen.Const(0L)), (1, Gen.OneOf(1L, -1L, 8L, long.MaxValue, long.MinValue))),
        Mutate);

    private static HeaderCase Mutate(HeaderCase right, HeaderMutation[] mutations, ByteMutation[] byteMutations, long moreData)
    {
        byte[] json = right.Json;
        if (mutations.Length > 0)
        {
            JsonDraft draft = JsonDraft.Parse(Encoding.UTF8.GetString(json));
            foreach (HeaderMutation mutation in mutations)
                mutation(draft);
            json = Encoding.UTF8.GetBytes(draft.ToString());
        }

        json = byteMutations.Aggregate(json, (bytes, mutation) => mutation(bytes));
        long dataLength = moreData is long.MaxValue ? moreData : Math.Max(0, right.DataLength + moreData);
        return new HeaderCase(json, dataLength);
    }

    /// <summary>Elements of less than a byte must fill their last one.</summary>
    private static long[] Whole(SafetensorsDType dtype, long[] shape) => dtype.Format().Bits < 8 ? [.. shape, 4] : shape;

    /// <summary>Half of a surrogate pair can't be encoded.</summary>
    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
