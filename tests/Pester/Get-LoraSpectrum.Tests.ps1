BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
}

AfterAll { Exit-Sample }

Describe 'Get-LoraSpectrum' {
    Context 'The layers of a LoRA' {
        BeforeAll { $layers = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors }

        It 'are as many as the file has' {
            $layers | Should -HaveCount 10
            $layers | Should -BeOfType ([ResizeLora.DecomposedLayer])
            ($layers.Name | Sort-Object -Unique) | Should -HaveCount 10
        }

        It 'have the singular values that the sample was made with' {
            foreach ($layer in $layers) {
                $layer.SingularValues | Should -HaveCount 24
                foreach ($k in 0..23) {
                    $expected = 1.5 * [Math]::Pow(0.8, $k)
                    [Math]::Abs($layer.SingularValues[$k] - $expected) | Should -BeLessThan (1e-3 * $expected) -Because "σ$k of $layer is $expected"
                }
            }
        }

        It 'stand beside the layers that they modify' {
            $layer = $layers | Where-Object Name -like '*attn1_to_q'
            $layer.BaseLayer | Should -Be 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight'
            [Math]::Abs($layer.BaseSpectralNorm - 4) | Should -BeLessThan 4e-3
            $layer.BaseFrobeniusNorm | Should -BeGreaterThan $layer.BaseSpectralNorm
        }

        It 'know which part of the model they belong to' {
            $parts = $layers | Group-Object Component -AsHashTable -AsString
            $parts.Unet | Should -HaveCount 6
            $parts.TextEncoder1 | Should -HaveCount 2
            $parts.TextEncoder2 | Should -HaveCount 2
        }

        It 'carry rank, alpha and path' {
            foreach ($layer in $layers) {
                $layer.Rank | Should -Be 24
                $layer.Alpha | Should -Be 12
                $layer.Path | Should -Be (Get-Item style.safetensors).FullName
            }
        }
    }

    It 'needs no checkpoint' {
        $layers = Get-LoraSpectrum style.safetensors
        $layers | Should -HaveCount 10
        foreach ($layer in $layers) {
            $layer.BaseLayer | Should -BeNullOrEmpty
            $layer.BaseSpectralNorm | Should -BeNullOrEmpty
        }
    }

    It 'tells a flat spectrum from a steep one' {
        foreach ($layer in Get-LoraSpectrum character.safetensors) { [Math]::Abs($layer.EffectiveRank - 16) | Should -BeLessThan 0.01 }
        foreach ($layer in Get-LoraSpectrum detail.safetensors) { $layer.EffectiveRank | Should -BeLessThan 8 }
    }

    It 'takes files as <Case>' -TestCases @(
        @{ Case = 'a wildcard'; Script = { Get-LoraSpectrum *.safetensors -Checkpoint base.safetensors } }
        @{ Case = 'several names'; Script = { Get-LoraSpectrum style.safetensors, character.safetensors, detail.safetensors } }
        @{ Case = 'literal names'; Script = { Get-LoraSpectrum -LiteralPath style.safetensors, character.safetensors, detail.safetensors } }
        @{ Case = 'objects from Get-ChildItem'; Script = { Get-ChildItem *.safetensors | Get-LoraSpectrum -Checkpoint base.safetensors } }
        @{ Case = 'text in the pipeline'; Script = { 'style', 'character', 'detail' | ForEach-Object { "$_.safetensors" } | Get-LoraSpectrum } }
    ) {
        $groups = & $Script | Group-Object { Split-Path $_.Path -LeafBase }
        $groups.Name | Sort-Object | Should -Be 'character', 'detail', 'style'
        foreach ($group in $groups) { $group.Group | Should -HaveCount 10 }
    }

    It 'decomposes the layers that -Layer names, with wildcards' {
        (Get-LoraSpectrum style.safetensors -Layer *_te1_*, *attn1_to_q).Name | Sort-Object | Should -Be @(
            'lora_te1_text_model_encoder_layers_0_mlp_fc1'
            'lora_te1_text_model_encoder_layers_0_self_attn_q_proj'
            'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q'
        )
    }

    It 'takes brackets in -LiteralPath as they are' {
        Copy-Item style.safetensors 'style [1].safetensors'
        Get-LoraSpectrum -LiteralPath 'style [1].safetensors' | Should -HaveCount 10
        Remove-Item -LiteralPath 'style [1].safetensors'
    }

    It 'reports a missing file and goes on' {
        $layers = Get-LoraSpectrum none.safetensors, style.safetensors -ErrorAction SilentlyContinue -ErrorVariable problems
        $layers | Should -HaveCount 10
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'FileNotFound,*'
        $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problems[0].TargetObject | Should -Be 'none.safetensors'
    }

    It 'reports a damaged file and goes on' {
        [System.IO.File]::WriteAllBytes((Join-Path $PWD damaged.safetensors), [byte[]](1..100))
        $layers = Get-LoraSpectrum damaged.safetensors, style.safetensors -ErrorAction SilentlyContinue -ErrorVariable problems
        Remove-Item damaged.safetensors
        $layers | Should -HaveCount 10
        $problems | Should -HaveCount 1
        $problems[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }
}
