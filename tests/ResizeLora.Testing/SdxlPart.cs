namespace ResizeLora.Testing;

/// <summary>Which layers of SDXL a sample has, by how their names begin.</summary>
internal sealed record SdxlPart(string AdapterPrefix, string CheckpointPrefix)
{
    /// <summary>All 986 layers of the UNet and both text encoders.</summary>
    public static SdxlPart All { get; } = new(string.Empty, string.Empty);

    /// <summary>The first 6 layers: to try in seconds what works on all of them.</summary>
    public static SdxlPart First { get; } = new(
        "lora_te1_text_model_encoder_layers_0_",
        "conditioner.embedders.0.transformer.text_model.encoder.layers.0.");
}
