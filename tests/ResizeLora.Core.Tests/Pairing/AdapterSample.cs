using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>The key list of an adapter, its layers taken apart without the code under test.</summary>
internal sealed class AdapterSample
{
    /// <summary>What follows a layer's name in the names of its tensors, whatever the kind of adapter.</summary>
    private static readonly string[] Suffixes =
    [
        ".lora_up.weight", ".lora_down.weight", ".lora_mid.weight", ".lora_A.weight", ".lora_B.weight", ".alpha", ".dora_scale", ".lora_magnitude_vector.weight",
        ".hada_w1_a", ".hada_w1_b", ".hada_w2_a", ".hada_w2_b",
    ];

    public AdapterSample(string list)
    {
        Tensors = [.. KeyFile.Tensors(list)];
        Layers = Tensors.ToLookup(tensor => tensor.Name[..^Suffixes.Single(suffix => tensor.Name.EndsWith(suffix, StringComparison.Ordinal)).Length], StringComparer.Ordinal);
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    public ILookup<string, TensorSpec> Layers { get; }

    /// <summary>All lists, and a checkpoint that each fits.</summary>
    public static IReadOnlyList<(string List, string Model, int Layers)> All { get; } =
    [
        ("sd15_lora_kohya", "sd15_checkpoint_singlefile", 264),
        ("sdxl_lora_kohya_input_blocks", "sdxl_checkpoint_singlefile", 986),
        ("sdxl_lora_kohya_input_blocks", "sdxl_checkpoint_diffusers", 986),
        ("sdxl_lora_kohya_down_blocks", "sdxl_checkpoint_singlefile", 722),
        ("sdxl_lora_kohya_down_blocks", "sdxl_checkpoint_diffusers", 722),
        ("sdxl_lora_onetrainer", "sdxl_checkpoint_singlefile", 987),
        ("sdxl_lora_onetrainer", "sdxl_checkpoint_diffusers", 987),
        ("sdxl_lora_diffusers_peft", "sdxl_checkpoint_singlefile", 736),
        ("sdxl_lora_diffusers_peft", "sdxl_checkpoint_diffusers", 736),
        ("sdxl_locon_lycoris", "sdxl_checkpoint_singlefile", 789),
        ("sdxl_locon_lycoris", "sdxl_checkpoint_diffusers", 789),
        ("sdxl_locon_lycoris_tucker", "sdxl_checkpoint_singlefile", 789),
        ("sdxl_loha_lycoris", "sdxl_checkpoint_singlefile", 789),
        ("sdxl_dora_onetrainer", "sdxl_checkpoint_singlefile", 722),
        ("sdxl_dora_peft", "sdxl_checkpoint_singlefile", 560),
        ("sd3_lora_kohya", "sd3_checkpoint_singlefile", 237),
        ("sd3_lora_diffusers", "sd3_checkpoint_singlefile", 191),
        ("sd3_lora_diffusers", "sd35_medium_checkpoint", 191),
        ("flux_lora_kohya", "flux_checkpoint_singlefile", 304),
        ("flux_lora_kohya", "flux_checkpoint_diffusers", 304),
        ("flux_lora_aitoolkit", "flux_checkpoint_singlefile", 228),
        ("flux_lora_aitoolkit", "flux_checkpoint_diffusers", 228),
        ("flux_lora_diffusers", "flux_checkpoint_singlefile", 494),
        ("flux_lora_diffusers", "flux_checkpoint_diffusers", 494),
        ("qwen_image_lora_kohya", "qwen_image_checkpoint", 720),
        ("wan21_1_3b_lora_kohya", "wan21_1_3b_checkpoint", 300),
        ("z_image_lora_aitoolkit", "z_image_checkpoint", 210),
        ("z_image_lora_aitoolkit", "z_image_checkpoint_diffusers", 210),
    ];

    /// <summary>Rows and columns of what a layer changes, by the conventions of the kinds of adapter.</summary>
    public (long Rows, long Columns) ShapeOf(string layer)
    {
        IReadOnlyList<long>? Shape(string suffix) => Layers[layer].FirstOrDefault(tensor => tensor.Name.EndsWith(suffix, StringComparison.Ordinal))?.Shape;

        IReadOnlyList<long> left = (Shape(".lora_up.weight") ?? Shape(".lora_B.weight") ?? Shape(".hada_w1_a"))!;
        IReadOnlyList<long> right = (Shape(".lora_down.weight") ?? Shape(".lora_A.weight") ?? Shape(".hada_w1_b"))!;
        IEnumerable<long> kernel = Shape(".lora_mid.weight")?.Skip(2) ?? [];
        return (left[0], right.Skip(1).Concat(kernel).Aggregate(1L, (product, size) => product * size));
    }
}
