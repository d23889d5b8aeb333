using CsCheck;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Hostile;

/// <summary>Whatever stands in a header: it is read as the reference reads it, or refused with a reason, at a bounded cost.</summary>
public sealed class HeaderFuzzTests(ITestOutputHelper output)
{
    // Of all that fits into a byte of header, metadata of one character costs most: two strings, an entry in a list and one
    // in a set, both grown by doubling. The constant is for an exception and its message.
    private readonly CostLimit _cost = new(TimeSpan.FromSeconds(5), bytes: 64 * 1024, bytesPerByte: 24, () => ProcessorTime.OfThread);

    [Fact]
    public void A_header_is_read_as_the_reference_does_or_refused()
    {
        HeaderCases.Mutated.Sample(Check, output.WriteLine, iter: FuzzVolume.Headers, threads: 1, print: header => header.ToString());
        output.WriteLine($"{FuzzVolume.Headers} headers. {_cost}");
    }

    [Fact]
    public void A_right_header_is_always_read() =>
        HeaderCases.Right.Sample(header => Check(header) == "read", iter: 1000, threads: 1, print: header => header.ToString());

    /// <returns>What became of it, for the statistics.</returns>
    private string Check(HeaderCase header)
    {
        TimeSpan begin = _cost.Now;
        long before = GC.GetAllocatedBytesForCurrentThread();
        SafetensorsHeader? read = null;
        string? refusal = null;
        try
        {
            read = SafetensorsHeaderParser.Parse(header.Json, header.DataLength);
        }
        catch (FormatException exception)
        {
            refusal = exception.Message;
        }

        _cost.Check(begin, GC.GetAllocatedBytesForCurrentThread() - before, header.Json.Length);
        if (refusal is not null)
            Message.AssertReadable(refusal);

        Compare(header, read, refusal);
        return refusal is null ? "read" : $"refused: {Message.KindOf(refusal)}";
    }

    private static void Compare(HeaderCase header, SafetensorsHeader? read, string? refusal)
    {
        ReferenceHeader reference;
        try
        {
            reference = ReferenceHeader.Parse(header.Json, header.DataLength);
        }
        catch (FormatException exception)
        {
            Assert.True(read is null, $"It was read, but the reference refuses it: {exception.Message}");
            return;
        }

        Assert.True(read is null == reference.Strictness.Count > 0, $"Strictness {string.Join(", ", reference.Strictness)}; refused: {refusal}");
        if (read is null)
            return;

        Assert.Equal(8 + header.Json.Length, read.DataStart);
        Assert.Equal(reference.Metadata, read.Metadata.Select(pair => (pair.Key, pair.Value)));
        AssertTiles(read.Tensors, header.DataLength);
        Assert.Equal(
            reference.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(Describe),
            read.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(Describe));
    }

    /// <summary>Every byte belongs to exactly one tensor.</summary>
    private static void AssertTiles(IReadOnlyList<TensorInfo> tensors, long dataLength)
    {
        long position = 0;
        foreach (TensorInfo tensor in tensors)
        {
            Assert.Equal(position, tensor.Begin);
            Assert.Equal((UInt128)tensor.ByteCount * 8, tensor.Shape.Aggregate((UInt128)tensor.DType.Format().Bits, (product, size) => product * (UInt128)size));
            position = tensor.End;
        }

        Assert.Equal(dataLength, position);
        Assert.Equal(tensors.Count, tensors.Select(tensor => tensor.Name).Distinct(StringComparer.Ordinal).Count());
    }

    private static string Describe(ReferenceTensor tensor) => $"{tensor.Name} {tensor.DType} [{string.Join(",", tensor.Shape)}] {tensor.Begin} {tensor.End}";

    private static string Describe(TensorInfo tensor) => $"{tensor.Name} {tensor.DType} [{string.Join(",", tensor.Shape)}] {tensor.Begin} {tensor.End}";
}
