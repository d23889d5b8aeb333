BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
    $null = New-Item notes.txt

    # What Tab offers at the end of a line, as it is listed.
    function Get-Completion([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches }
}

AfterAll { Exit-Sample }

Describe 'Completion' {
    It 'of <Line> offers <Expected>' -TestCases @(
        @{ Line = 'New-ResizeRecipe sp'; Expected = 'spn_ckpt', 'spn_lora' }
        @{ Line = "New-ResizeRecipe 'spn_ckpt=1,t"; Expected = , 'thr' }
        @{ Line = "Invoke-LoraResize style.safetensors -Recipe 'fro_ckpt=1,thr=-1.2:fro_"; Expected = 'fro_ckpt', 'fro_lora' }
        @{ Line = "Invoke-LoraResize style.safetensors -Recipe 'fro_ckpt=1,fro_"; Expected = , 'fro_lora' }
        @{ Line = 'Get-LoraSpectrum style.safetensors -Checkpoint b'; Expected = , 'base.safetensors' }
        @{ Line = 'Invoke-LoraResize style.safetensors -Checkpoint '; Expected = 'base.safetensors', 'character.safetensors', 'detail.safetensors', 'style.safetensors' }
        @{ Line = 'Get-LoraSpectrum style.safetensors -Layer lora_te1_'; Expected = 'lora_te1_text_model_encoder_layers_0_mlp_fc1', 'lora_te1_text_model_encoder_layers_0_self_attn_q_proj' }
        @{ Line = 'Get-LoraSpectrum -Path st*.safetensors -Layer attn2'; Expected = , 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k' }
        @{ Line = 'Invoke-LoraResize style.safetensors -UnmatchedLayer '; Expected = 'Drop', 'Error', 'Keep' }
    ) {
        (Get-Completion $Line).ListItemText | Sort-Object | Should -Be $Expected
    }

    It 'of a recipe gives text that can be typed on' {
        (Get-Completion 'New-ResizeRecipe spn_c').CompletionText | Should -Be "'spn_ckpt="
    }

    It 'offers nothing, and throws nothing, for a file that is not there' {
        Get-Completion 'Get-LoraSpectrum none.safetensors -Layer lora_' | Should -BeNullOrEmpty
    }
}
