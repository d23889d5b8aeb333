using System.Text;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Safetensors;

public class HeaderAcceptanceTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("{}      ")]
    public void An_empty_header_is_accepted(string json)
    {
        SafetensorsHeader header = Parse(json, 0);
        Assert.Empty(header.Tensors);
        Assert.False(header.HasMetadata);
        Assert.Equal(8 + json.Length, header.DataStart);
    }

    [Fact]
    public void A_scalar_has_one_element()
    {
        TensorInfo tensor = Parse("""{"one":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}""", 2).Tensors.Single();
        Assert.Empty(tensor.Shape);
        Assert.Equal(1, tensor.ElementCount);
        Assert.Equal(2, tensor.ByteCount);
    }

    [Fact]
    public void Tensors_without_elements_are_accepted_wherever_they_lie()
    {
        SafetensorsHeader header = Parse(
            """
            {"first":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},
             "full":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
             "last":{"dtype":"F32","shape":[3,0],"data_offsets":[8,8]}}
            """,
            8);
        Assert.Equal(["first", "full", "last"], header.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(0, header.Find("last")!.ElementCount);
    }

    [Fact]
    public void Unknown_fields_are_passed_over()
    {
        TensorInfo tensor = Parse("""{"one":{"x":{"y":[1,{"dtype":"F64"}]},"dtype":"F32","z":null,"shape":[2],"data_offsets":[0,8],"w":1.5}}""", 8).Tensors.Single();
        Assert.Equal(SafetensorsDType.F32, tensor.DType);
        Assert.Equal([2], tensor.Shape);
    }

    [Fact]
    public void Tensors_come_in_the_order_of_their_bytes_and_not_of_the_header()
    {
        SafetensorsHeader header = Parse(
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[3,5]},"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", 5);
        Assert.Equal(["b", "a"], header.Tensors.Select(tensor => tensor.Name));
        Assert.Equal((3, 5), (header.Find("a")!.Begin, header.Find("a")!.End));
        Assert.Null(header.Find("A"));
    }

    [Fact]
    public void Metadata_keeps_its_order_and_its_text()
    {
        SafetensorsHeader header = Parse("""{"__metadata__":{"z":"1","a":"\u00e9 \ud83d\ude00 \"\\\n","":""}}""", 0);
        Assert.True(header.HasMetadata);
        Assert.Equal([new("z", "1"), new("a", "é 😀 \"\\\n"), new("", "")], header.Metadata);
        Assert.Equal("1", header.FindMetadata("z"));
        Assert.Null(header.FindMetadata("Z"));
    }

    [Fact]
    public void Empty_metadata_differs_from_none() => Assert.True(Parse("""{"__metadata__":{}}""", 0).HasMetadata);

    [Theory]
    [InlineData("F4", 4, 2)]
    [InlineData("F6_E2M3", 4, 3)]
    [InlineData("F6_E3M2", 8, 6)]
    [InlineData("BOOL", 3, 3)]
    [InlineData("U8", 3, 3)]
    [InlineData("I8", 3, 3)]
    [InlineData("F8_E5M2", 3, 3)]
    [InlineData("F8_E4M3", 3, 3)]
    [InlineData("F8_E8M0", 3, 3)]
    [InlineData("F8_E4M3FNUZ", 3, 3)]
    [InlineData("F8_E5M2FNUZ", 3, 3)]
    [InlineData("I16", 3, 6)]
    [InlineData("U16", 3, 6)]
    [InlineData("F16", 3, 6)]
    [InlineData("BF16", 3, 6)]
    [InlineData("I32", 3, 12)]
    [InlineData("U32", 3, 12)]
    [InlineData("F32", 3, 12)]
    [InlineData("C64", 3, 24)]
    [InlineData("F64", 3, 24)]
    [InlineData("I64", 3, 24)]
    [InlineData("U64", 3, 24)]
    public void Every_dtype_has_its_size(string dtype, int count, int bytes) => Assert.Single(
        Parse($$$"""{"one":{"dtype":"{{{dtype}}}","shape":[{{{count}}}],"data_offsets":[0,{{{bytes}}}]}}""", bytes).Tensors);

    private static SafetensorsHeader Parse(string json, long dataLength) => SafetensorsHeaderParser.Parse(Encoding.UTF8.GetBytes(json), dataLength);
}
