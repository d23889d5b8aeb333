using System.Globalization;
using System.IO.Compression;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>Names, types and shapes of real files: one tensor a line, tabs between the fields, shapes such as 1280x320x3x3.</summary>
internal static class KeyFile
{
    public static IEnumerable<TensorSpec> Tensors(string list) => Lines(list).Select(fields => new TensorSpec(
        fields[0],
        Enum.Parse<SafetensorsDType>(fields[1]),
        [.. fields[2].Split('x', StringSplitOptions.RemoveEmptyEntries).Select(size => long.Parse(size, CultureInfo.InvariantCulture))]));

    public static IEnumerable<string[]> Lines(string list)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(TestPaths.Data, "keys", $"{list}.txt.gz")), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
            yield return line.Split('\t');
    }
}
