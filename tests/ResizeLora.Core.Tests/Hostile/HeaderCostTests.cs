using System.Text;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;

namespace ResizeLora.Core.Tests.Hostile;

/// <summary>Headers that are made to cost: time and memory grow with their length and not faster.</summary>
public sealed class HeaderCostTests
{
    private const int Length = 2_000_000;
    private const long AllocationPerByte = 24;
    private const string Empty = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, Func<string>> Floods = new(StringComparer.Ordinal)
    {
        ["keys of metadata"] = () => Flood("{\"__metadata__\":{", i => $"\"{i}\":\"\"", "}}"),
        ["one text of metadata"] = () => $"{{\"__metadata__\":{{\"key\":\"{new string('x', Length)}\"}}}}",
        ["escapes"] = () => Flood("{\"__metadata__\":{\"key\":[", _ => "\"\\u0041\\u0041\\u0041\\u0041\"", "]}}"),
        ["escapes in one text"] = () => $"{{\"__metadata__\":{{\"key\":\"{string.Concat(Enumerable.Repeat("\\u0041", Length / 6))}\"}}}}",
        ["tensors without bytes"] = () => Flood("{", i => $"\"{i}\":{Empty}", "}"),
        ["long names"] = () => Flood("{", i => $"\"{new string('n', 1000)}{i}\":{Empty}", "}"),
        ["dimensions"] = () => Flood("{\"one\":{\"dtype\":\"U8\",\"shape\":[0,", _ => "1", "],\"data_offsets\":[0,0]}}"),
        ["dimensions that overflow"] = () => Flood("{\"one\":{\"dtype\":\"U8\",\"shape\":[", _ => "9", "],\"data_offsets\":[0,0]}}"),
        ["offsets"] = () => Flood("{\"one\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[", _ => "0", "]}}"),
        ["unknown fields"] = () => Flood("{\"one\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],", i => $"\"{i}\":0", "}}"),
        ["letters in a name"] = () => $"{{\"{new string('n', Length)}\":{Empty}}}",
        ["letters in a dtype"] = () => $"{{\"one\":{{\"dtype\":\"{new string('n', Length)}\"}}}}",
        ["letters in a word that is none"] = () => $"{{\"one\":{new string('n', Length)}}}",
        ["digits"] = () => $"{{\"one\":{{\"shape\":[{new string('9', Length)}]}}}}",
        ["white space"] = () => $"{{{new string(' ', Length)}}}",
        ["opening brackets"] = () => "{\"one\":" + new string('[', Length),
        ["zero bytes"] = () => new string('\0', Length),
    };

    public static TheoryData<string> Kinds => [.. Floods.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_flood_of(string kind)
    {
        byte[] json = Encoding.UTF8.GetBytes(Floods[kind]());
        TimeSpan begin = ProcessorTime.OfThread;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception? refusal = Record.Exception(() => SafetensorsHeaderParser.Parse(json, 0));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(ProcessorTime.OfThread - begin, TimeSpan.Zero, Patience);
        Assert.True(allocated <= AllocationPerByte * json.Length, $"{(double)allocated / json.Length} bytes for each of the header");
        if (refusal is not null)
            Message.AssertReadable(Assert.IsType<FormatException>(refusal).Message);
    }

    [Theory]
    [InlineData("[10000000]", 20_000_000)]
    [InlineData("[10000000,320]", 8)]
    [InlineData("[1,10000000,1,1]", 0)]
    public void A_shape_of_millions_on_a_tiny_file_costs_nothing(string shape, long end)
    {
        byte[] json = Encoding.UTF8.GetBytes($"{{\"x.lora_up.weight\":{{\"dtype\":\"F16\",\"shape\":{shape},\"data_offsets\":[0,{end}]}}}}");
        Assert.Throws<FormatException>(() => SafetensorsHeaderParser.Parse(json, 8));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<FormatException>(() => SafetensorsHeaderParser.Parse(json, 8));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    private static string Flood(string opening, Func<int, string> item, string closing)
    {
        var json = new StringBuilder(opening);
        for (int i = 0; json.Length < Length; i++)
            json.Append(i == 0 ? string.Empty : ",").Append(item(i));

        return json.Append(closing).ToString();
    }
}
