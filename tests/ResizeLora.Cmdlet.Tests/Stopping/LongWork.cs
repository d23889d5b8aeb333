using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Stopping;

/// <summary>Files that keep one stage of the work busy for seconds. The first layer is small: when it is done, the stage has begun.</summary>
internal static class LongWork
{
    private const string Layer = "lora_unet_middle_block_1_transformer_blocks_{0}_attn1_to_q";
    private const string Base = "model.diffusion_model.middle_block.1.transformer_blocks.{0}.attn1.to_q.weight";
    private const int Small = 8;

    private static readonly Lazy<NoiseBlock> Noise = new(() => new NoiseBlock(1));

    /// <summary>A LoRA of layers whose decomposition is long.</summary>
    public static string HighRanks(string path) => Write(path, Lora(count: 30, size: 1024, rank: 320));

    /// <summary>A LoRA of layers that are decomposed at once, for <see cref="LargeBase"/>.</summary>
    public static string LowRanks(string path) => Write(path, Lora(count: 8, size: 3072, rank: 1));

    /// <summary>A checkpoint of large layers.</summary>
    public static string LargeBase(string path) => Write(path, Sizes(8, 3072).Select((size, i) => Spec(Base, i, size, size)));

    /// <summary>A file with two small layers and gigabytes of something else, which take no room on the disk.</summary>
    public static string LargeRest(string path, int gibibytes)
    {
        TensorSpec[] layers = [.. Lora(count: 0, size: 0, rank: 1), Spec(Base, 0, Small, Small)];
        SafetensorsLayout layout = SafetensorsLayout.Create([.. layers, new TensorSpec("rest", SafetensorsDType.U8, [(long)gibibytes << 30])]);
        using FileStream stream = File.Create(path);
        byte[] header = layout.Header(metadata: null);
        stream.Write(header);

        // Half precision comes before single bytes.
        foreach (TensorInfo tensor in layout.Tensors.Where(tensor => tensor.Name != "rest"))
            stream.Write(SampleFile.Encode(Matrix.Gaussian((int)tensor.Shape[0], (int)tensor.Shape[1], new Random(1)), SafetensorsDType.F16));
        stream.SetLength(header.Length + layout.DataLength);
        return path;
    }

    private static IEnumerable<TensorSpec> Lora(int count, int size, int rank) => Sizes(count, size).SelectMany((size, i) => new[]
    {
        Spec(Layer + ".lora_up.weight", i, size, Math.Min(rank, size)),
        Spec(Layer + ".lora_down.weight", i, Math.Min(rank, size), size),
    });

    private static IEnumerable<int> Sizes(int count, int size) => [Small, .. Enumerable.Repeat(size, count)];

    private static TensorSpec Spec(string name, int number, long rows, long columns) =>
        new(string.Format(System.Globalization.CultureInfo.InvariantCulture, name, number), SafetensorsDType.F16, [rows, columns]);

    private static string Write(string path, IEnumerable<TensorSpec> tensors)
    {
        LargeFile.Write(path, tensors, tensor => (row, entries) => Noise.Value.CopyTo(entries, tensor.Begin / 2 + row * entries.Length));
        return path;
    }
}
