using ResizeLora.Checkpoints;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>A real checkpoint's names and shapes, and what every layer name must lead to in it.</summary>
/// <param name="Name">What the list of expectations is called.</param>
/// <param name="Family">What the family must be recognised as.</param>
/// <param name="Files">The key lists of its files, each with the subfolder that the file is in.</param>
internal sealed record ModelSample(string Name, string Family, params (string Folder, string List)[] Files)
{
    private static readonly Dictionary<string, Lazy<BaseCheckpointIndex>> Indexes = All()
        .ToDictionary(sample => sample.Name, sample => new Lazy<BaseCheckpointIndex>(sample.BuildIndex), StringComparer.Ordinal);

    /// <summary>What the names that adapters have in front mean, written down once more.</summary>
    private static readonly (string Prefix, string Component)[] Prefixes =
    [
        ("text_encoders.clip_l.transformer.", "TextEncoder1"),
        ("text_encoders.clip_g.transformer.", "TextEncoder2"),
        ("text_encoders.t5xxl.transformer.", "TextEncoder3"),
        ("text_encoders.qwen3_06b.transformer.", "TextEncoder1"),
        ("text_encoders.qwen3_4b.transformer.", "TextEncoder1"),
        ("text_encoders.qwen3_8b.transformer.", "TextEncoder1"),
        ("model.diffusion_model.", "Unet"),
        ("lora_unet_unet_", "Unet"),
        ("lora_unet__", "Unet"),
        ("unet.unet.", "Unet"),
        ("pipe.unet.", "Unet"),
        ("pipe.dit.", "Unet"),
        ("diffusion_model.", "Unet"),
        ("lora_transformer_", "Unet"),
        ("lora_transformer.", "Unet"),
        ("text_encoder_2.", "TextEncoder2"),
        ("text_encoder_3.", "TextEncoder3"),
        ("text_encoder.", "TextEncoder1"),
        ("transformer.", "Unet"),
        ("lora_unet_", "Unet"),
        ("lora_unet.", "Unet"),
        ("lycoris_", "Unet"),
        ("lora_te1_", "TextEncoder1"),
        ("lora_te2_", "TextEncoder2"),
        ("lora_te3_", "TextEncoder3"),
        ("lora_te1.", "TextEncoder1"),
        ("lora_te2.", "TextEncoder2"),
        ("lora_te3.", "TextEncoder3"),
        ("lora_te_", "TextEncoder1"),
        ("lora_te.", "TextEncoder1"),
        ("unet.", "Unet"),
        ("clip_l.", "TextEncoder1"),
        ("clip_g.", "TextEncoder2"),
        ("t5.", "TextEncoder3"),
    ];

    private static readonly Dictionary<string, Lazy<IReadOnlyDictionary<(string, string), string>>> Expectations = All()
        .ToDictionary(sample => sample.Name, sample => new Lazy<IReadOnlyDictionary<(string, string), string>>(sample.ReadExpected), StringComparer.Ordinal);

    public BaseCheckpointIndex Index => Indexes[Name].Value;

    /// <summary>Component and flat path to the rows that are meant; '^' in front if transposed.</summary>
    public IReadOnlyDictionary<(string Component, string Path), string> Expected => Expectations[Name].Value;

    public static IReadOnlyList<ModelSample> All() =>
    [
        new("sd15_checkpoint_singlefile", "SD 1.x", ("", "sd15_checkpoint_singlefile")),
        new("sd2_checkpoint_singlefile", "SD 2.x", ("", "sd2_checkpoint_singlefile")),
        new("sdxl_checkpoint_singlefile", "SDXL", ("", "sdxl_checkpoint_singlefile")),
        new("sdxl_checkpoint_diffusers", "SDXL", ("unet/", "sdxl_checkpoint_diffusers_unet"), ("text_encoder/", "sdxl_checkpoint_diffusers_text_encoder"), ("text_encoder_2/", "sdxl_checkpoint_diffusers_text_encoder_2")),
        new("sd3_checkpoint_singlefile", "SD 3.x", ("", "sd3_checkpoint_singlefile")),
        new("sd35_medium_checkpoint", "SD 3.x", ("", "sd35_medium_checkpoint")),
        new("flux_checkpoint_singlefile", "Flux.1", ("", "flux_checkpoint_singlefile")),
        new("flux_checkpoint_diffusers", "Flux.1", ("transformer/", "flux_checkpoint_diffusers")),
        new("qwen_image_checkpoint", "Qwen-Image", ("", "qwen_image_checkpoint")),
        new("wan21_1_3b_checkpoint", "Wan 2.x", ("", "wan21_1_3b_checkpoint")),
        new("z_image_checkpoint", "Z-Image", ("", "z_image_checkpoint")),
        new("z_image_checkpoint_diffusers", "Z-Image", ("transformer/", "z_image_checkpoint_diffusers")),
        new("flux2_checkpoint_singlefile", "Flux.2", ("", "flux2_checkpoint_singlefile")),
        new("flux2_checkpoint_diffusers", "Flux.2", ("transformer/", "flux2_checkpoint_diffusers")),
        new("krea2_checkpoint_singlefile", "Krea 2", ("", "krea2_checkpoint_singlefile")),
        new("krea2_checkpoint_diffusers", "Krea 2", ("transformer/", "krea2_checkpoint_diffusers")),
        new("lumina2_checkpoint_singlefile", "Lumina 2", ("", "lumina2_checkpoint_singlefile")),
        new("lumina2_checkpoint_diffusers", "Lumina 2", ("transformer/", "lumina2_checkpoint_diffusers")),
        new("auraflow_checkpoint_singlefile", "AuraFlow", ("", "auraflow_checkpoint_singlefile")),
        new("auraflow_checkpoint_diffusers", "AuraFlow", ("transformer/", "auraflow_checkpoint_diffusers")),
        new("pixart_checkpoint_singlefile", "PixArt", ("", "pixart_checkpoint_singlefile")),
        new("pixart_checkpoint_diffusers", "PixArt", ("transformer/", "pixart_checkpoint_diffusers")),
        new("hunyuan_video_checkpoint_singlefile", "HunyuanVideo", ("", "hunyuan_video_checkpoint_singlefile")),
        new("hunyuan_video_comfyui_checkpoint_singlefile", "HunyuanVideo", ("", "hunyuan_video_comfyui_checkpoint_singlefile")),
        new("hunyuan_video_checkpoint_diffusers", "HunyuanVideo", ("transformer/", "hunyuan_video_checkpoint_diffusers")),
        new("anima_checkpoint_singlefile", "Anima", ("", "anima_checkpoint_singlefile"), ("", "qwen3_06b_text_encoder")),
        new("anima_checkpoint_diffusers", "Cosmos-Predict2", ("transformer/", "anima_checkpoint_diffusers")),
    ];

    public static ModelSample Of(string name) => All().Single(sample => sample.Name == name);

    /// <summary>What a layer's name must lead to; null for nothing.</summary>
    public string? ExpectedOf(string layer)
    {
        (string prefix, string component) = Array.Find(Prefixes, prefix => layer.StartsWith(prefix.Prefix, StringComparison.Ordinal));

        // Without a prefix it is the denoising network.
        string path = layer[(prefix?.Length ?? 0)..].Replace('.', '_');
        return Expected.GetValueOrDefault((component ?? "Unet", path));
    }

    /// <summary>What a name does lead to, in the words of the lists.</summary>
    public string? Found(string layer) => Index.Find(layer) is { } found ? (found.Transposed ? "^" : string.Empty) + found.Name : null;

    private BaseCheckpointIndex BuildIndex() =>
        new([.. Files.Select((file, number) => new CheckpointSource(file.Folder, [(number, KeyList.Header(file.List))]))], Name);

    private Dictionary<(string, string), string> ReadExpected() =>
        KeyFile.Lines("expected_" + Name).ToDictionary(fields => (fields[0], fields[1]), fields => fields[2]);
}
