using System.Security.Cryptography;
using System.Text;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>
/// A checkpoint and LoRAs with all the names and shapes of SDXL, in float16: the checkpoint has about 7 GB, a LoRA of rank
/// 128 about 900 MB. Three layers of four have a spectrum as training leaves it, the rest is plain Gaussian noise. A file
/// is always the same, to the bit, and is made only where it is missing.
/// </summary>
internal static class SdxlSample
{
    private const int Seed = 20240719;
    private const float Scale = 0.02f;
    private const float Alpha = 8;

    // How far LoRAs of one shape lie apart in the noise.
    private const long Stride = 1_299_709;

    private static readonly Lazy<NoiseBlock> Noise = new(() => new NoiseBlock(Seed));

    /// <summary>Writes a whole checkpoint and a whole LoRA.</summary>
    public static (string Checkpoint, string Lora) Write(string folder, int rank) =>
        (WriteCheckpoint(folder, SdxlPart.All), WriteLora(folder, rank, SdxlPart.All));

    /// <returns>The path of the checkpoint.</returns>
    public static string WriteCheckpoint(string folder, SdxlPart part)
    {
        string path = Path.Combine(folder, "sdxl-base.safetensors");
        Directory.CreateDirectory(folder);
        LargeFile.Write(
            path,
            KeyFile.Tensors("sdxl_checkpoint_singlefile").Where(tensor => tensor.Name.StartsWith(part.CheckpointPrefix, StringComparison.Ordinal)),
            CheckpointTensor);
        return path;
    }

    /// <summary>Writes a LoRA; those of another number have other weights.</summary>
    /// <returns>Its path.</returns>
    public static string WriteLora(string folder, int rank, SdxlPart part, int number = 1)
    {
        string path = Path.Combine(folder, $"lora-rank{rank}-{number:00}.safetensors");
        Directory.CreateDirectory(folder);
        LargeFile.Write(
            path,
            KeyFile.Tensors("sdxl_lora_kohya_input_blocks")
                .Where(tensor => tensor.Name.StartsWith(part.AdapterPrefix, StringComparison.Ordinal))
                .Select(tensor => WithRank(tensor, rank)),
            tensor => LoraTensor(tensor, number * Stride));
        return path;
    }

    /// <summary>Whether a tensor of the checkpoint, or a layer of a LoRA, is plain Gaussian noise: one of four, by its name.</summary>
    public static bool IsGaussian(string name) => SHA256.HashData(Encoding.UTF8.GetBytes(name))[0] % 4 == 0;

    private static TensorSpec WithRank(TensorSpec tensor, int rank)
    {
        int? dimension = tensor.Name.EndsWith(".lora_up.weight", StringComparison.Ordinal) ? 1
            : tensor.Name.EndsWith(".lora_down.weight", StringComparison.Ordinal) ? 0
            : null;
        return tensor with { Shape = [.. tensor.Shape.Select((size, i) => i == dimension ? rank : size)] };
    }

    private static RowContent CheckpointTensor(TensorInfo tensor)
    {
        long position = tensor.Begin / 2;
        if (tensor.Shape.Count < 2 || IsGaussian(tensor.Name))
            return (row, entries) => FillWithNoise(entries, position + row * entries.Length);

        return new TrainedWeight(Noise.Value, position, tensor.Shape[0], (int)(tensor.ElementCount / tensor.Shape[0]), Scale).Fill;
    }

    /// <summary>Direction j of up and of down is weaker by a root of j each, so that singular value j of the layer is weaker by j.</summary>
    private static RowContent LoraTensor(TensorInfo tensor, long shift)
    {
        long position = shift + tensor.Begin / 2;
        if (tensor.Name.EndsWith(".alpha", StringComparison.Ordinal))
            return (_, entries) => entries[0] = Alpha;

        bool isUp = tensor.Name.EndsWith(".lora_up.weight", StringComparison.Ordinal);
        bool decays = !IsGaussian(tensor.Name[..tensor.Name.LastIndexOf(".lora_", StringComparison.Ordinal)]);
        return (row, entries) =>
        {
            FillWithNoise(entries, position + row * entries.Length);
            for (int i = 0; decays && i < entries.Length; i++)
                entries[i] /= MathF.Sqrt((isUp ? i : row) + 1);
        };
    }

    private static void FillWithNoise(Span<float> entries, long position)
    {
        Noise.Value.CopyTo(entries, position);
        foreach (ref float entry in entries)
            entry *= Scale;
    }
}
