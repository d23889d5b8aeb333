using System.Runtime.InteropServices;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>Fills a row of a tensor. Called from several threads at once.</summary>
internal delegate void RowContent(long row, Span<float> entries);

/// <summary>Writes safetensors files that are larger than memory, all tensors in float16.</summary>
internal static class LargeFile
{
    private const int ChunkLength = 1 << 22;

    /// <summary>Writes a file, unless it is there; under its name there is never anything but the whole file.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="tensors">Names and shapes.</param>
    /// <param name="content">What is in a tensor; a vector has one row.</param>
    public static void Write(string path, IEnumerable<TensorSpec> tensors, Func<TensorInfo, RowContent> content)
    {
        if (File.Exists(path))
            return;

        SafetensorsLayout layout = SafetensorsLayout.Create(tensors.Select(tensor => tensor with { DType = SafetensorsDType.F16 }));
        string temporary = path + ".part";
        using (FileStream stream = File.Create(temporary, bufferSize: 1 << 20))
        {
            stream.Write(layout.Header(metadata: null));
            foreach (TensorInfo tensor in layout.Tensors.Where(tensor => tensor.ByteCount > 0))
                Write(stream, tensor, content(tensor));
        }

        File.Move(temporary, path);
    }

    private static void Write(FileStream stream, TensorInfo tensor, RowContent content)
    {
        long rows = tensor.Shape.Count > 1 ? tensor.Shape[0] : 1;
        int columns = (int)(tensor.ElementCount / rows);
        int chunkRows = (int)Math.Clamp(ChunkLength / columns, 1, rows);
        var chunk = new Half[chunkRows * columns];
        for (long first = 0; first < rows; first += chunkRows)
        {
            int count = (int)Math.Min(chunkRows, rows - first);
            Parallel.For(0, count, () => new float[columns], (row, _, entries) => Encode(first + row, entries, row * columns), _ => { });
            stream.Write(MemoryMarshal.AsBytes(chunk.AsSpan(0, count * columns)));
        }

        float[] Encode(long row, float[] entries, int start)
        {
            content(row, entries);
            for (int i = 0; i < columns; i++)
                chunk[start + i] = (Half)entries[i];
            return entries;
        }
    }
}
