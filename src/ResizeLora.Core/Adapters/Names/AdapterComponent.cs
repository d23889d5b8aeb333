namespace ResizeLora;

/// <summary>The part of a diffusion model that an adapter layer belongs to.</summary>
public enum AdapterComponent
{
    /// <summary>Not known from the layer's name.</summary>
    Unknown,

    /// <summary>The denoising network, be it a U-Net or a transformer.</summary>
    Unet,

    /// <summary>The first text encoder (CLIP-L in most models).</summary>
    TextEncoder1,

    /// <summary>The second text encoder (OpenCLIP bigG in SDXL and SD 3, T5 in diffusers' Flux).</summary>
    TextEncoder2,

    /// <summary>The third text encoder (T5 in SD 3, and in kohya's Flux).</summary>
    TextEncoder3,
}

/// <summary>Components as the texts of families and styles name them.</summary>
internal static class AdapterComponents
{
    /// <summary>The component of a name such as text_encoder_2.</summary>
    public static AdapterComponent Named(string name) => name switch
    {
        "unet" => AdapterComponent.Unet,
        "text_encoder" => AdapterComponent.TextEncoder1,
        "text_encoder_2" => AdapterComponent.TextEncoder2,
        "text_encoder_3" => AdapterComponent.TextEncoder3,
        "unknown" => AdapterComponent.Unknown,
        _ => throw new FormatException($"'{name}' is not a part of a model."),
    };
}
