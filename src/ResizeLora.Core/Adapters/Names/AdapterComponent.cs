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
