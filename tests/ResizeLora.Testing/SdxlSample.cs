using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>A checkpoint and a LoRA with all the names and shapes of SDXL, filled with Gaussian noise. About 7 GB.</summary>
internal static class SdxlSample
{
    private const int Seed = 20240719;

    // Prime, so that rows of a tensor start at ever new places of the block of noise.
    private const int NoiseLength = 8_388_617;

    /// <summary>Writes the pair, unless it is there.</summary>
    public static (string Checkpoint, string Lora) Write(string folder, int rank)
    {
        Directory.CreateDirectory(folder);
        string checkpoint = Path.Combine(folder, "sdxl.safetensors");
        string lora = Path.Combine(folder, $"lora{rank}.safetensors");
        if (!File.Exists(checkpoint))
            Write(checkpoint, KeyFile.Tensors("sdxl_checkpoint_singlefile"), 0.02);
        if (!File.Exists(lora))
            Write(lora, KeyFile.Tensors("sdxl_lora_kohya_input_blocks").Select(tensor => WithRank(tensor, rank)), 0.02);
        return (checkpoint, lora);
    }

    private static TensorSpec WithRank(TensorSpec tensor, int rank)
    {
        int? dimension = tensor.Name.EndsWith(".lora_up.weight", StringComparison.Ordinal) ? 1
            : tensor.Name.EndsWith(".lora_down.weight", StringComparison.Ordinal) ? 0
            : null;
        return tensor with { Shape = [.. tensor.Shape.Select((size, i) => i == dimension ? rank : size)] };
    }

    private static void Write(string path, IEnumerable<TensorSpec> tensors, double scale)
    {
        SafetensorsLayout layout = SafetensorsLayout.Create(tensors.Select(tensor => tensor with { DType = SafetensorsDType.F16 }));
        byte[] noise = SampleFile.Encode(scale * Matrix.Gaussian(1, NoiseLength, new Random(Seed)), SafetensorsDType.F16);
        byte[] alpha = SampleFile.Encode(new Matrix(1, 1) { [0, 0] = 8 }, SafetensorsDType.F16);
        string temporary = path + ".part";
        using (FileStream stream = File.Create(temporary, 1 << 20))
        {
            stream.Write(layout.Header(metadata: null));
            int position = 0;
            foreach (TensorInfo tensor in layout.Tensors)
            {
                if (tensor.Name.EndsWith(".alpha", StringComparison.Ordinal))
                {
                    stream.Write(alpha);
                    continue;
                }

                for (long left = tensor.ByteCount; left > 0;)
                {
                    int count = (int)Math.Min(left, noise.Length - position);
                    stream.Write(noise, position, count);
                    position = (position + count) % noise.Length;
                    left -= count;
                }
            }
        }

        File.Move(temporary, path);
    }
}
