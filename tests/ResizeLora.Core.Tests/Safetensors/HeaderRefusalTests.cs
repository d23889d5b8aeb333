using System.Text;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Safetensors;

/// <summary>Each header here has one fault; the one with none is accepted (see HeaderAcceptanceTests).</summary>
public class HeaderRefusalTests
{
    private const string Good = """{"a.b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    [Fact]
    public void The_header_that_the_faults_are_made_in_is_accepted() =>
        Assert.Single(SafetensorsHeaderParser.Parse(Encoding.UTF8.GetBytes(Good), 8).Tensors);

    [Fact]
    public void Header_with_a_hole_is_refused() => Refused(
        """{"one":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"two":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}""",
        20, "'two'", "begins at 12", "hole", "expected 8");

    [Fact]
    public void Header_with_a_hole_before_the_first_tensor_is_refused() => Refused(
        """{"one":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "'one'", "hole");

    [Fact]
    public void Header_with_an_overlap_is_refused() => Refused(
        """{"one":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"two":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""",
        12, "'two'", "inside the tensor before it");

    [Fact]
    public void Two_tensors_over_the_same_bytes_are_refused() => Refused(
        """{"one":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"two":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        8, "'two'", "inside the tensor before it");

    [Fact]
    public void Bytes_after_the_last_tensor_are_refused() => Refused(Good, 9, "end at byte 8", "9 bytes");

    [Fact]
    public void A_tensor_beyond_the_end_of_the_file_is_refused() => Refused(Good, 7, "'a.b'", "truncated");

    [Fact]
    public void Bytes_without_any_tensor_are_refused() => Refused("{}", 1, "1 bytes of tensors");

    [Fact]
    public void A_tensor_that_ends_before_it_begins_is_refused() => Refused(
        """{"one":{"dtype":"F32","shape":[0],"data_offsets":[8,0]}}""", 8, "'one'", "ends before it begins");

    [Fact]
    public void A_tensor_named_twice_is_refused() => Refused(
        """{"one":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"one":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""",
        16, "'one'", "twice");

    [Fact]
    public void Names_that_are_equal_once_unescaped_are_refused() => Refused(
        """{"one":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\u006fne":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""",
        16, "'one'", "twice");

    [Fact]
    public void A_metadata_key_given_twice_is_refused() =>
        Refused("""{"__metadata__":{"key":"1","key":"2"}}""", 0, "__metadata__", "'key'", "twice");

    [Fact]
    public void Metadata_given_twice_is_refused() =>
        Refused("""{"__metadata__":{},"__metadata__":{}}""", 0, "__metadata__", "twice");

    [Theory]
    [InlineData("\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]", "dtype")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]", "shape")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"data_offsets\":[0,8]", "data_offsets")]
    public void A_field_given_twice_is_refused(string fields, string field) =>
        Refused($"{{\"one\":{{{fields}}}}}", 8, "'one'", $"'{field}'", "twice");

    [Theory]
    [InlineData("\"shape\":[2],\"data_offsets\":[0,8]", "dtype")]
    [InlineData("\"dtype\":\"F32\",\"data_offsets\":[0,8]", "shape")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2]", "data_offsets")]
    public void A_missing_field_is_refused(string fields, string field) =>
        Refused($"{{\"one\":{{{fields}}}}}", 8, "'one'", $"lacks {field}");

    [Theory]
    [InlineData("[4611686018427387904,4,1]")]
    [InlineData("[4294967296,4294967296]")]
    [InlineData("[9223372036854775807,9223372036854775807,9223372036854775807,9223372036854775807]")]
    [InlineData("[4611686018427387904]")]
    public void A_shape_whose_size_overflows_is_refused(string shape) => Refused(
        $$$"""{"one":{"dtype":"F32","shape":{{{shape}}},"data_offsets":[0,0]}}""", 0, "'one'", "overflows");

    [Theory]
    [InlineData("F32", "[3]", 8, 12)]
    [InlineData("F16", "[2]", 8, 4)]
    [InlineData("F64", "[]", 4, 8)]
    [InlineData("F32", "[0]", 8, 0)]
    public void Offsets_that_disagree_with_shape_and_dtype_are_refused(string dtype, string shape, int given, int needed) => Refused(
        $$$"""{"one":{"dtype":"{{{dtype}}}","shape":{{{shape}}},"data_offsets":[0,{{{given}}}]}}""",
        given, "'one'", $"needs {needed} bytes", $"give it {given}");

    [Theory]
    [InlineData("F128")]
    [InlineData("f32")]
    [InlineData("17")]
    [InlineData("F32,F16")]
    [InlineData("")]
    public void An_unknown_dtype_is_refused(string dtype) => Refused(
        $$$"""{"one":{"dtype":"{{{dtype}}}","shape":[2],"data_offsets":[0,8]}}""", 8, "'one'", $"unknown dtype '{dtype}'");

    [Theory]
    [InlineData("[-2]")]
    [InlineData("[2.0]")]
    [InlineData("[2e0]")]
    [InlineData("[\"2\"]")]
    [InlineData("[[2]]")]
    [InlineData("[null]")]
    [InlineData("[18446744073709551618]")]
    public void A_dimension_that_is_no_whole_number_is_refused(string shape) => Refused(
        $$$"""{"one":{"dtype":"F32","shape":{{{shape}}},"data_offsets":[0,8]}}""", 8, "shape", "'one'", "whole number");

    [Theory]
    [InlineData("[-8,0]")]
    [InlineData("[0.0,8]")]
    [InlineData("[0,8.5]")]
    public void An_offset_that_is_no_whole_number_is_refused(string offsets) => Refused(
        $$$"""{"one":{"dtype":"F32","shape":[2],"data_offsets":{{{offsets}}}}}""", 8, "data_offsets", "'one'", "whole number");

    [Theory]
    [InlineData("[]", 0)]
    [InlineData("[0]", 1)]
    [InlineData("[0,8,8]", 3)]
    public void Any_other_number_of_offsets_than_two_is_refused(string offsets, int count) => Refused(
        $$$"""{"one":{"dtype":"F32","shape":[2],"data_offsets":{{{offsets}}}}}""", 8, "'one'", $"{count} data_offsets");

    [Theory]
    [InlineData("x")]
    [InlineData("{}")]
    [InlineData(",")]
    [InlineData("\0")]
    public void Text_after_the_object_is_refused(string text) => Refused(Good + text, 8);

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\":1}")]
    [InlineData("{\"a\":[]}")]
    [InlineData("{\"a\":{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":{},\"data_offsets\":[0,0]}}")]
    [InlineData("{'a':{}}")]
    [InlineData("// comment\n{}")]
    public void What_is_no_object_of_tensors_is_refused(string json) => Refused(json, 0);

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[\"text\"]")]
    public void Metadata_that_is_no_text_is_refused(string value) =>
        Refused($$$"""{"__metadata__":{"key":{{{value}}}}}""", 0, "__metadata__", "'key'");

    [Theory]
    [InlineData("F4", 3)]
    [InlineData("F6_E2M3", 2)]
    [InlineData("F6_E3M2", 5)]
    public void Small_elements_that_do_not_fill_their_last_byte_are_refused(string dtype, int count) => Refused(
        $$$"""{"one":{"dtype":"{{{dtype}}}","shape":[{{{count}}}],"data_offsets":[0,2]}}""", 2, "'one'", "whole byte");

    [Theory]
    [InlineData("{\"__metadata__\":{\"key\":\"\u00FF\"}}")]
    [InlineData("{\"__metadata__\":{\"\u00FF\":\"text\"}}")]
    [InlineData("{\"\u00FF\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"one\":{\"dtype\":\"\u00FF\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"one\":{\"note\":\"\u00FF\",\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    public void Bytes_that_are_no_utf8_are_refused(string json) =>
        Assert.Throws<FormatException>(() => SafetensorsHeaderParser.Parse(Encoding.Latin1.GetBytes(json), 0));

    [Theory]
    [InlineData("""{"__metadata__":{"key":"\ud83d"}}""")]
    [InlineData("""{"__metadata__":{"\udc00":"text"}}""")]
    [InlineData("""{"\ud83dx":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""")]
    public void Half_of_a_surrogate_pair_is_refused(string json) => Refused(json, 0);

    [Fact]
    public void Deep_nesting_is_refused_before_it_can_fill_the_stack()
    {
        string deep = new string('[', 100_000) + new string(']', 100_000);
        Refused($$$"""{"one":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":{{{deep}}}}}""", 8);
    }

    [Fact]
    public void A_message_shows_neither_control_characters_nor_endless_names()
    {
        string name = "\\u001b[31m" + new string('x', 5000);
        FormatException exception = Assert.Throws<FormatException>(() => SafetensorsHeaderParser.Parse(
            Encoding.UTF8.GetBytes($$$"""{"{{{name}}}":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"""), 8));
        Assert.DoesNotContain('\u001b', exception.Message);
        Assert.InRange(exception.Message.Length, 20, 300);
    }

    private static void Refused(string json, long dataLength, params string[] inMessage)
    {
        FormatException exception = Assert.Throws<FormatException>(() => SafetensorsHeaderParser.Parse(Encoding.UTF8.GetBytes(json), dataLength));
        Assert.All(inMessage, text => Assert.Contains(text, exception.Message, StringComparison.Ordinal));
    }
}
