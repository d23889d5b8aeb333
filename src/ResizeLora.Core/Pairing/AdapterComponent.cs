namespace ResizeLora;

/// <summary>The part of a diffusion model that an adapter layer belongs to.</summary>
public enum AdapterComponent
{
    /// <summary>Not known from the layer's name.</summary>
    Unknown,

    /// <summary>The denoising network.</summary>
    Unet,

    /// <summary>The first text encoder (CLIP-L in SDXL).</summary>
    TextEncoder1,

    /// <summary>The second text encoder (OpenCLIP bigG in SDXL).</summary>
    TextEncoder2,
}
