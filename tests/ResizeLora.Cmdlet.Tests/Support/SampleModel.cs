using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>A model with SDXL's names in small, and LoRAs for it of which the default recipe keeps a part.</summary>
internal static class SampleModel
{
    public const string Unet = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q";
    public const string UnetFeedForward = "lora_unet_middle_block_1_transformer_blocks_0_ff_net_2";
    public const string TextEncoder1 = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
    public const string TextEncoder2 = "lora_te2_text_model_encoder_layers_0_mlp_fc1";

    /// <summary>A layer that the checkpoint does not have.</summary>
    public const string Stranger = "lora_unet_output_blocks_5_1_transformer_blocks_0_attn1_to_q";

    private const string UnetBase = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight";

    private static readonly (string Layer, string Base, int Rows, int Columns)[] Layers =
    [
        (Unet, UnetBase, 24, 20),
        (UnetFeedForward, "model.diffusion_model.middle_block.1.transformer_blocks.0.ff.net.2.weight", 16, 32),
        (TextEncoder1, "conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight", 32, 12),
        (TextEncoder2, "conditioner.embedders.1.model.transformer.resblocks.0.mlp.c_fc.weight", 28, 16),
    ];

    public static IReadOnlyList<string> LayerNames { get; } = [.. Layers.Select(layer => layer.Layer)];

    /// <summary>Names of base layers, by the LoRA layers that modify them.</summary>
    public static IReadOnlyDictionary<string, string> BaseNames { get; } = Layers.ToDictionary(layer => layer.Layer, layer => layer.Base, StringComparer.Ordinal);

    public static SampleFile Checkpoint(int seed = 1)
    {
        var random = new Random(seed);
        var file = new SampleFile();
        foreach ((_, string name, int rows, int columns) in Layers)
            file.Add(name, 0.1 * Matrix.Gaussian(rows, columns, random), SafetensorsDType.F16);
        return file.AddRaw("model.diffusion_model.out.2.bias", SafetensorsDType.F16, [4], new byte[8]);
    }

    /// <summary>A checkpoint of which some layers have another shape.</summary>
    public static SampleFile OtherCheckpoint(params string[] different)
    {
        var random = new Random(1);
        var file = new SampleFile();
        foreach ((string layer, string name, int rows, int columns) in Layers)
            file.Add(name, 0.1 * Matrix.Gaussian(rows, different.Contains(layer) ? columns + 1 : columns, random), SafetensorsDType.F16);
        return file;
    }

    /// <summary>A checkpoint with a value in one layer.</summary>
    public static SampleFile CheckpointWith(double value)
    {
        var random = new Random(1);
        var file = new SampleFile();
        foreach ((_, string name, int rows, int columns) in Layers)
        {
            Matrix weight = 0.1 * Matrix.Gaussian(rows, columns, random);
            if (name == UnetBase)
                weight[2, 3] = value;
            file.Add(name, weight, SafetensorsDType.F16);
        }

        return file;
    }

    public static SampleFile Lora(int seed = 2, int rank = 8, double alpha = 4, SafetensorsDType dtype = SafetensorsDType.F32) =>
        AddLayers(new SampleFile(), seed, rank, alpha, dtype);

    public static SampleFile AddLayers(SampleFile file, int seed = 2, int rank = 8, double? alpha = 4, SafetensorsDType dtype = SafetensorsDType.F32)
    {
        var random = new Random(seed);
        foreach ((string name, _, int rows, int columns) in Layers)
            file.AddLora(name, rows, columns, rank, random, alpha, dtype);
        return file;
    }

    /// <summary>A LoRA with a value in one of its factors.</summary>
    public static SampleFile LoraWith(double value, string layer, string tensor)
    {
        var random = new Random(2);
        var file = new SampleFile();
        foreach ((string name, _, int rows, int columns) in Layers)
        {
            Matrix up = 0.1 * Matrix.Gaussian(rows, 4, random);
            Matrix down = 0.1 * Matrix.Gaussian(4, columns, random);
            double alpha = 4;
            if (name == layer)
            {
                up[1, 2] = tensor == "lora_up.weight" ? value : up[1, 2];
                down[2, 1] = tensor == "lora_down.weight" ? value : down[2, 1];
                alpha = tensor == "alpha" ? value : alpha;
            }

            file.Add($"{name}.lora_up.weight", up).Add($"{name}.lora_down.weight", down).AddScalar($"{name}.alpha", alpha);
        }

        return file;
    }
}
