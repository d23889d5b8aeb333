using System.Security.Cryptography;
using System.Text;
using ResizeLora.Output;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Writing;

public sealed class ModelHashesTests : IDisposable
{
    private static readonly KeyValuePair<string, string>[] Metadata =
        [new("modelspec.title", "x"), new("ss_one", "1"), new("sshs_model_hash", "0"), new("ss_two", "é😀")];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)] // no tensor bytes at all
    [InlineData(1000)] // ends before the window of the legacy hash
    [InlineData(0x100000 + 0x100)] // ends within it
    [InlineData(0x110000 + 0x100)] // a little beyond it
    [InlineData(2_500_000)]
    public void Hashes_equal_a_plain_recomputation(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        SafetensorsLayout layout = SafetensorsLayout.Create([new("one", SafetensorsDType.U8, [length / 3]), new("two", SafetensorsDType.U8, [length - (length / 3)])]);
        ModelHashes hashes = Compute(layout, data);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(data)), hashes.Model);
        byte[] header = layout.Header([new("ss_one", "1"), new("ss_two", "é😀")]);
        byte[] file = [.. header, .. data];
        byte[] window = [.. file.Skip(0x100000).Take(0x10000)];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(window))[..8], hashes.Legacy);
    }

    [Fact]
    public void A_header_that_reaches_into_the_window_is_hashed_with_it()
    {
        // A tensor name may be long; so may ss_tag_frequency.
        byte[] data = new byte[100_000];
        new Random(3).NextBytes(data);
        KeyValuePair<string, string>[] metadata = [new("ss_tag_frequency", new string('t', 0x100000 + 500)), new("other", "x")];
        SafetensorsLayout layout = SafetensorsLayout.Create([new("one", SafetensorsDType.U8, [data.Length])]);
        ModelHashes hashes = Compute(layout, data, metadata);
        byte[] file = [.. layout.Header(metadata[..1]), .. data];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file.AsSpan(0x100000, 0x10000)))[..8], hashes.Legacy);
    }

    [Fact]
    public void Without_ss_metadata_the_header_holds_empty_metadata()
    {
        byte[] data = new byte[0x120000];
        new Random(4).NextBytes(data);
        SafetensorsLayout layout = SafetensorsLayout.Create([new("one", SafetensorsDType.U8, [data.Length])]);
        string json = $$$"""{"__metadata__":{},"one":{"dtype":"U8","shape":[{{{data.Length}}}],"data_offsets":[0,{{{data.Length}}}]}} """.TrimEnd();
        byte[] text = Encoding.UTF8.GetBytes(json.PadRight((json.Length + 7) / 8 * 8));
        byte[] file = [.. BitConverter.GetBytes((long)text.Length), .. text, .. data];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file.AsSpan(0x100000, 0x10000)))[..8], Compute(layout, data, [new("format", "pt")]).Legacy);
    }

    private ModelHashes Compute(SafetensorsLayout layout, byte[] data, IReadOnlyList<KeyValuePair<string, string>>? metadata = null)
    {
        metadata ??= Metadata;
        using SafetensorsWriter writer = SafetensorsWriter.Create(_folder["out"], layout.Header(metadata).Length, layout.DataLength);
        foreach (TensorInfo tensor in layout.Tensors)
            writer.Write(tensor, data.AsSpan((int)tensor.Begin, (int)tensor.ByteCount));
        using var hasher = new ModelHasher(writer, layout, metadata);
        hasher.AdvanceTo(layout.DataLength / 3, CancellationToken.None);
        hasher.AdvanceTo(layout.DataLength, CancellationToken.None);
        return hasher.Finish();
    }
}
