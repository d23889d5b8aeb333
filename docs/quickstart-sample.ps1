# A small SDXL checkpoint and three LoRAs for it, with singular values that are known beforehand.
# Cosine vectors of different frequency are orthonormal: whatever is built from them has the spectrum that one chooses.

# Kernel 9 is a 3x3 convolution; Parts 3 is a base tensor that fuses query, key and value.
$script:SampleLayers = @(
    @{ Lora = 'lora_unet_input_blocks_4_0_in_layers_2'; Base = 'model.diffusion_model.input_blocks.4.0.in_layers.2.weight'; Out = 64; In = 32; Kernel = 9 }
    @{ Lora = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q'; Base = 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight'; Out = 128; In = 128 }
    @{ Lora = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k'; Base = 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_k.weight'; Out = 128; In = 128 }
    @{ Lora = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_v'; Base = 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_v.weight'; Out = 128; In = 128 }
    @{ Lora = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k'; Base = 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight'; Out = 128; In = 192 }
    @{ Lora = 'lora_unet_input_blocks_4_1_transformer_blocks_0_ff_net_0_proj'; Base = 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.ff.net.0.proj.weight'; Out = 256; In = 128 }
    @{ Lora = 'lora_te1_text_model_encoder_layers_0_self_attn_q_proj'; Base = 'conditioner.embedders.0.transformer.text_model.encoder.layers.0.self_attn.q_proj.weight'; Out = 64; In = 64 }
    @{ Lora = 'lora_te1_text_model_encoder_layers_0_mlp_fc1'; Base = 'conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight'; Out = 128; In = 64 }
    @{ Lora = 'lora_te2_text_model_encoder_layers_0_self_attn_k_proj'; Base = 'conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight'; Out = 96; In = 96; Parts = 3 }
    @{ Lora = 'lora_te2_text_model_encoder_layers_0_mlp_fc1'; Base = 'conditioner.embedders.1.model.transformer.resblocks.0.mlp.c_fc.weight'; Out = 128; In = 96 }
)

function Get-CosineVector([int] $Length, [int] $Frequency, [double] $Scale) {
    $vector = [float[]]::new($Length)
    $Scale *= [Math]::Sqrt(($Frequency -eq 0 ? 1 : 2) / $Length)
    $step = [Math]::PI * $Frequency / $Length
    for ($i = 0; $i -lt $Length; $i++) { $vector[$i] = $Scale * [Math]::Cos($step * ($i + 0.5)) }
    , $vector
}

function New-Tensor([long[]] $Shape, [float[]] $Value) { @{ Shape = $Shape; Value = $Value } }

# Orthogonal rows, each a little shorter than the one before: the spectral norm is the length of the first, 4
# (or 4 times the square root of 2, where there are twice as many rows as columns).
function New-BaseTensor($Layer) {
    $columns = $Layer.In * ($Layer.Kernel ?? 1)
    $rows = $Layer.Out * ($Layer.Parts ?? 1)
    $period = [Math]::Min($columns, $Layer.Out)
    $values = [float[]]::new($rows * $columns)
    for ($row = 0; $row -lt $rows; $row++) {
        $frequency = $row % $period
        (Get-CosineVector $columns $frequency (4 * [Math]::Pow(0.98, $frequency))).CopyTo($values, $row * $columns)
    }
    New-Tensor ($Layer.Kernel ? @($rows, $Layer.In, 3, 3) : @($rows, $columns)) $values
}

# (alpha / rank) up x down has exactly the singular values in Spectrum.
function New-LoraTensor($Layer, [double[]] $Spectrum, [double] $Alpha) {
    $rank = $Spectrum.Length
    $columns = $Layer.In * ($Layer.Kernel ?? 1)
    $down = [float[]]::new($rank * $columns)
    $up = [float[]]::new($Layer.Out * $rank)
    for ($k = 0; $k -lt $rank; $k++) {
        $scale = [Math]::Sqrt($Spectrum[$k] * $rank / $Alpha)
        (Get-CosineVector $columns (2 * $k + 1) $scale).CopyTo($down, $k * $columns)
        $column = Get-CosineVector $Layer.Out ($k + 3) $scale
        for ($row = 0; $row -lt $column.Length; $row++) { $up[$row * $rank + $k] = $column[$row] }
    }
    @{
        "$($Layer.Lora).lora_down.weight" = New-Tensor ($Layer.Kernel ? @($rank, $Layer.In, 3, 3) : @($rank, $columns)) $down
        "$($Layer.Lora).lora_up.weight"   = New-Tensor ($Layer.Kernel ? @($Layer.Out, $rank, 1, 1) : @($Layer.Out, $rank)) $up
        "$($Layer.Lora).alpha"            = New-Tensor @() @($Alpha)
    }
}

# The file format: eight bytes that say how long the header is, the header in JSON, the bytes of the tensors one after another.
function Save-Safetensors([string] $Path, [hashtable] $Tensor, [System.Collections.IDictionary] $Metadata = @{}) {
    $names = [string[]]$Tensor.Keys
    [Array]::Sort($names, [StringComparer]::Ordinal)
    $header = [System.Collections.Generic.SortedDictionary[string, object]]::new([StringComparer]::Ordinal)
    if ($Metadata.Count) { $header['__metadata__'] = $Metadata }
    $offset = 0L
    foreach ($name in $names) {
        $end = $offset + 2 * $Tensor[$name].Value.Length
        $header[$name] = [ordered]@{ dtype = 'F16'; shape = $Tensor[$name].Shape; data_offsets = [long[]]($offset, $end) }
        $offset = $end
    }
    $json = [System.Text.Json.JsonSerializer]::SerializeToUtf8Bytes($header, $header.GetType())
    $padding = (8 - $json.Length % 8) % 8
    $writer = [System.IO.BinaryWriter]::new([System.IO.File]::Create($Path))
    try {
        $writer.Write([long]($json.Length + $padding))
        $writer.Write($json)
        $writer.Write([System.Text.Encoding]::ASCII.GetBytes(' ' * $padding))
        foreach ($name in $names) {
            foreach ($value in $Tensor[$name].Value) { $writer.Write([Half]$value) }
        }
    }
    finally { $writer.Dispose() }
}

function New-ResizeSample([string] $Folder) {
    $base = @{}
    foreach ($layer in $script:SampleLayers) { $base[$layer.Base] = New-BaseTensor $layer }
    Save-Safetensors (Join-Path $Folder 'base.safetensors') $base

    # Each LoRA has a spectrum of its own kind.
    $spectra = @{
        style     = [double[]](0..23 | ForEach-Object { 1.5 * [Math]::Pow(0.8, $_) })           # falls by a fifth each time
        character = [double[]](0..15 | ForEach-Object { 0.4 })                                  # flat: nothing to drop
        detail    = [double[]](0..31 | ForEach-Object { $_ -lt 3 ? 2 - 0.5 * $_ : 0.02 })       # three strong ones
    }
    foreach ($lora in $spectra.GetEnumerator()) {
        $rank = $lora.Value.Length
        $tensors = @{}
        foreach ($layer in $script:SampleLayers) { $tensors += New-LoraTensor $layer $lora.Value ($rank / 2) }
        $metadata = [ordered]@{ ss_base_model_version = 'sdxl_base_v1-0'; ss_network_dim = "$rank"; ss_network_alpha = "$($rank / 2)" }
        Save-Safetensors (Join-Path $Folder "$($lora.Key).safetensors") $tensors $metadata
    }
}
