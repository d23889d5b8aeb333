using System.Buffers.Binary;
using System.Text;
using ResizeLora.Common;

namespace ResizeLora.Safetensors;

/// <summary>
/// Where each tensor of a new file is placed, and the header that says so: in the order, the form and with the
/// padding of the reference library, so that a file and its legacy hash are what others would write.
/// </summary>
/// <remarks>https://github.com/huggingface/safetensors, function <c>prepare</c>.</remarks>
internal sealed class SafetensorsLayout
{
    private readonly string _tensorsJson;

    private SafetensorsLayout(IReadOnlyList<TensorInfo> tensors)
    {
        Tensors = tensors;
        DataLength = tensors.Count == 0 ? 0 : tensors[^1].End;
        _tensorsJson = TensorsJson(tensors);
    }

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Bytes of all tensors.</summary>
    public long DataLength { get; }

    public static SafetensorsLayout Create(IEnumerable<TensorSpec> specs)
    {
        // Rust compares names by their UTF-8 bytes.
        var ordered = specs
            .Select(spec => (Spec: spec, Name: Encoding.UTF8.GetBytes(spec.Name)))
            .ToList();
        ordered.Sort((left, right) =>
        {
            int byType = right.Spec.DType.CompareTo(left.Spec.DType);
            return byType != 0 ? byType : left.Name.AsSpan().SequenceCompareTo(right.Name);
        });

        var tensors = new List<TensorInfo>(ordered.Count);
        long position = 0;
        foreach ((TensorSpec spec, _) in ordered)
        {
            long elements = spec.Shape.Aggregate(1L, (product, size) => checked(product * size));
            long end = checked(position + elements * spec.DType.Format().Bits / 8);
            tensors.Add(new TensorInfo(spec.Name, spec.DType, spec.Shape, position, end));
            position = end;
        }

        return new SafetensorsLayout(tensors);
    }

    /// <summary>The bytes before the tensors: the header's length, the header, its padding to 8 bytes. Null means no metadata at all.</summary>
    public byte[] Header(IReadOnlyList<KeyValuePair<string, string>>? metadata)
    {
        var json = new StringBuilder(_tensorsJson.Length + 64);
        json.Append('{');
        if (metadata is not null)
        {
            json.Append("\"__metadata__\":{");
            AppendAll(json, metadata, pair =>
            {
                JsonText.Append(json, pair.Key);
                json.Append(':');
                JsonText.Append(json, pair.Value);
            });
            json.Append(_tensorsJson.Length > 0 ? "}," : "}");
        }

        json.Append(_tensorsJson).Append('}');
        byte[] text = Encoding.UTF8.GetBytes(json.ToString());
        int padded = (text.Length + 7) / 8 * 8;
        byte[] header = new byte[SafetensorsHeaderParser.LengthSize + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        text.CopyTo(header, SafetensorsHeaderParser.LengthSize);
        header.AsSpan(SafetensorsHeaderParser.LengthSize + text.Length).Fill((byte)' ');
        return header;
    }

    /// <summary>Bytes that a tensor adds to a file: its elements, and its entry in the header with offsets of so many digits.</summary>
    public static long EntryLength(TensorSpec spec, int offsetDigits)
    {
        long offset = (long)Math.Pow(10, offsetDigits - 1);
        long bytes = spec.Shape.Aggregate((long)spec.DType.Format().Bits, (product, size) => checked(product * size)) / 8;
        return bytes + Encoding.UTF8.GetByteCount(TensorsJson([new TensorInfo(spec.Name, spec.DType, spec.Shape, offset, offset)])) + ",".Length;
    }

    private static string TensorsJson(IReadOnlyList<TensorInfo> tensors)
    {
        var json = new StringBuilder();
        AppendAll(json, tensors, tensor =>
        {
            JsonText.Append(json, tensor.Name);
            json.Append(":{\"dtype\":\"").Append(tensor.DType).Append("\",\"shape\":[");
            json.AppendJoin(',', tensor.Shape);
            json.Append("],\"data_offsets\":[").Append(tensor.Begin).Append(',').Append(tensor.End).Append("]}");
        });
        return json.ToString();
    }

    private static void AppendAll<T>(StringBuilder json, IReadOnlyList<T> items, Action<T> append)
    {
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
                json.Append(',');
            append(items[i]);
        }
    }
}
