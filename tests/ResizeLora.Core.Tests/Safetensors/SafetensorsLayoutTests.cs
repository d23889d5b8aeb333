using System.Buffers.Binary;
using System.Text;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Safetensors;

public class SafetensorsLayoutTests
{
    [Fact]
    public void Greater_dtypes_come_first_and_then_names_go_by_their_bytes()
    {
        // In UTF-16 the emoji (D83D DE00) would stand before U+FF21; in UTF-8 it stands after it.
        SafetensorsLayout layout = SafetensorsLayout.Create(
        [
            new("b", SafetensorsDType.F16, [1]),
            new("\U0001F600", SafetensorsDType.F32, [1]),
            new("\uFF21", SafetensorsDType.F32, [1]),
            new("a", SafetensorsDType.F16, [1]),
            new("B", SafetensorsDType.F16, [1]),
            new("z", SafetensorsDType.BF16, [1]),
            new("y", SafetensorsDType.I64, [1]),
            new("x", SafetensorsDType.U8, [1]),
            new("ab", SafetensorsDType.F16, [1]),
        ]);
        Assert.Equal(["y", "\uFF21", "\U0001F600", "z", "B", "a", "ab", "b", "x"], layout.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Tensors_follow_each_other_without_a_gap()
    {
        SafetensorsLayout layout = SafetensorsLayout.Create([new("odd", SafetensorsDType.U8, [3]), new("scalar", SafetensorsDType.F32, []), new("none", SafetensorsDType.F32, [0, 9])]);
        Assert.Equal([("none", 0L, 0L), ("scalar", 0L, 4L), ("odd", 4L, 7L)], layout.Tensors.Select(tensor => (tensor.Name, tensor.Begin, tensor.End)));
        Assert.Equal(7, layout.DataLength);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void The_header_is_padded_with_spaces_to_8_bytes(int extra)
    {
        SafetensorsLayout layout = SafetensorsLayout.Create([new("t" + new string('x', extra), SafetensorsDType.F32, [2])]);
        byte[] header = layout.Header(null);
        string json = Encoding.UTF8.GetString(header.AsSpan(8));
        Assert.Equal(0, header.Length % 8);
        Assert.Equal((ulong)header.Length - 8, BinaryPrimitives.ReadUInt64LittleEndian(header));
        Assert.Equal($$$"""{"t{{{new string('x', extra)}}}":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", json.TrimEnd(' '));
        Assert.InRange(json.Length - json.TrimEnd(' ').Length, 0, 7);
    }

    [Fact]
    public void Metadata_is_escaped_only_where_json_must_be()
    {
        byte[] header = SafetensorsLayout.Create([]).Header([new("e", "é 😀 <&>'+/\u007f \u2028"), new("c", "\"\\\b\f\n\r\t\0\u001f")]);
        Assert.Equal(
            "{\"__metadata__\":{\"e\":\"é 😀 <&>'+/\u007f \u2028\",\"c\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\"}}",
            Encoding.UTF8.GetString(header.AsSpan(8)).TrimEnd(' '));
    }

    [Fact]
    public void Empty_metadata_is_written_and_no_metadata_is_not()
    {
        SafetensorsLayout layout = SafetensorsLayout.Create([new("a", SafetensorsDType.U8, [0])]);
        Assert.StartsWith("{\"__metadata__\":{},\"a\":", Encoding.UTF8.GetString(layout.Header([]).AsSpan(8)), StringComparison.Ordinal);
        Assert.StartsWith("{\"a\":", Encoding.UTF8.GetString(layout.Header(null).AsSpan(8)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_written_header_reads_back_as_it_was_meant()
    {
        SafetensorsLayout layout = SafetensorsLayout.Create([new("quote\"\\\u0001😀", SafetensorsDType.F16, [2, 3]), new("b", SafetensorsDType.F4, [4])]);
        byte[] bytes = layout.Header([new("k\n", "v\t")]);
        SafetensorsHeader header = SafetensorsHeaderParser.Parse(bytes.AsSpan(8), layout.DataLength);
        Assert.Equal(layout.Tensors.Select(Text), header.Tensors.Select(Text));
        Assert.Equal([new("k\n", "v\t")], header.Metadata);
        Assert.Equal(bytes.Length, header.DataStart);

        static string Text(TensorInfo tensor) => $"{tensor.Name} {tensor.DType} {tensor.ShapeText} {tensor.Begin} {tensor.End}";
    }

    [Theory]
    [InlineData("lora_a.safetensors")]
    [InlineData("lora_b.safetensors")]
    [InlineData("lora_c.safetensors")]
    [InlineData("checkpoint.safetensors")]
    public void The_header_equals_that_of_the_reference_library_to_the_byte(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(TestPaths.Golden(name));
        byte[] expected = new byte[file.Header.DataStart];
        file.Read(0, expected);

        TensorSpec[] specs = [.. file.Header.Tensors.Select(tensor => new TensorSpec(tensor.Name, tensor.DType, tensor.Shape))];
        new Random(1).Shuffle(specs);
        byte[] header = SafetensorsLayout.Create(specs).Header(file.Header.HasMetadata ? file.Header.Metadata : null);
        Assert.Equal(expected, header);
    }
}
