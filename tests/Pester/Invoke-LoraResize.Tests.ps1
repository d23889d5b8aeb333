BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
    $byCheckpoint = @{ Checkpoint = 'base.safetensors'; Recipe = 'spn_ckpt=1,thr=-1.2' }
}

AfterAll { Exit-Sample }

Describe 'Invoke-LoraResize' {
    Context 'What it keeps' {
        BeforeAll {
            $results = Invoke-LoraResize style.safetensors, character.safetensors, detail.safetensors @byCheckpoint -Destination kept
            $style, $character, $detail = $results
        }

        It 'is a result object and a file per LoRA' {
            $results | Should -BeOfType ([ResizeLora.ResizeResult])
            $results.Name | Should -Be 'style_spnckpt1_th-1.2.safetensors', 'character_spnckpt1_th-1.2.safetensors', 'detail_spnckpt1_th-1.2.safetensors'
            foreach ($result in $results) {
                (Get-Item $result.Path).Length | Should -Be $result.Size
                (Get-Item $result.SourcePath).Length | Should -Be $result.SourceSize
                Split-Path $result.Path | Should -Be (Get-Item kept).FullName
            }
        }

        # 10^-1.2 of the norm 4 is 0.252, of the norm 4√2 that three layers have 0.357.
        It 'is what is at least the threshold: 8 or 7 values of a spectrum that falls by a fifth' { $style.Rank | Should -Be (7 * 8 + 3 * 7) }

        It 'is everything of a flat spectrum above it' {
            $character.Rank | Should -Be $character.SourceRank
            $character.RelativeError | Should -BeLessThan 1e-3
        }

        It 'is the strong part of a spectrum with a weak tail' {
            $detail.Rank | Should -Be (3 * 10)
            $detail.SavedPercent | Should -BeGreaterThan 80
        }

        It 'obeys what loaders ask of ranks, and keeps the next best values' {
            $even = Invoke-LoraResize style.safetensors @byCheckpoint -RankMultiple 4 -MaxRank 8 -EqualRank -Destination kept
            (Get-LoraSpectrum $even.Path | ForEach-Object Rank) | Should -Be (, 8 * 10)
            $even.RelativeError | Should -BeLessThan $style.RelativeError
        }

        It 'has the kept singular values as they were' {
            $before = Get-LoraSpectrum style.safetensors | Group-Object Name -AsHashTable -AsString
            foreach ($layer in Get-LoraSpectrum $style.Path) {
                for ($k = 0; $k -lt $layer.SingularValues.Count; $k++) {
                    $expected = $before[$layer.Name][0].SingularValues[$k]
                    [Math]::Abs($layer.SingularValues[$k] - $expected) | Should -BeLessThan (2e-3 * $expected)
                }
            }
        }

        It 'keeps the metadata, and records how the file was made' {
            $metadata = (Get-SafetensorsHeader $style.Path)['__metadata__']
            $metadata.ss_base_model_version | Should -Be 'sdxl_base_v1-0'
            $metadata.ss_network_dim | Should -Be 'Dynamic'
            ($metadata.resize_params | ConvertFrom-Json -AsHashtable).recipe | Should -Be 'spn_ckpt=1,thr=-1.2'
        }
    }

    It 'stays within the size, header and all, and uses it up' {
        $result = Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size=0.05' -Destination size
        $result.Size | Should -BeLessOrEqual (0.05 * 1MB)
        $result.Size | Should -BeGreaterThan (0.05 * 1MB - 2KB) -Because 'the next singular value takes less than 2 KiB'
    }

    It 'writes one file per recipe' {
        $results = Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2:spn_lora=1,thr=-0.5' -Destination several
        $results.Name | Should -Be 'style_spnckpt1_th-1.2.safetensors', 'style_spnlora1_th-0.5.safetensors'
        (Get-ChildItem several).Name | Sort-Object | Should -Be ($results.Name | Sort-Object)
    }

    It 'takes recipe objects as it takes text' {
        $object = Invoke-LoraResize style.safetensors -Recipe (New-ResizeRecipe -SpnLora 1 -Threshold -0.5) -Destination object
        $text = Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.5' -Destination text
        Get-Hash $object.Path | Should -Be (Get-Hash $text.Path)
    }

    It 'writes the same bytes whatever the number of threads' {
        $one = Invoke-LoraResize style.safetensors @byCheckpoint -Destination one -ThrottleLimit 1
        $eight = Invoke-LoraResize style.safetensors @byCheckpoint -Destination eight -ThrottleLimit 8
        Get-Hash $one.Path | Should -Be (Get-Hash $eight.Path)
    }

    It 'follows the location of the shell, not that of the process' {
        [Environment]::CurrentDirectory | Should -Not -Be $PWD.ProviderPath
        (Invoke-LoraResize ./style.safetensors @byCheckpoint -Destination ./here).Path | Should -BeLike (Join-Path $PWD here '*')
    }

    Context 'Files that are there' {
        BeforeAll { $first = Invoke-LoraResize style.safetensors @byCheckpoint -Destination again }

        It 'are not overwritten' {
            $null = New-Item again/style_spnckpt1_th-1.2.safetensors -Force -Value 'precious'
            $result = Invoke-LoraResize style.safetensors @byCheckpoint -Destination again -ErrorAction SilentlyContinue -ErrorVariable problems
            $result | Should -BeNullOrEmpty
            $problems | Should -HaveCount 1
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'OutputExists,*'
            $problems[0].CategoryInfo.Category | Should -Be 'ResourceExists'
            Get-Content $first.Path | Should -Be 'precious'
        }

        It 'are not overwritten with -Force either if they are not ours' {
            Invoke-LoraResize style.safetensors @byCheckpoint -Destination again -Force -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
            $problems.FullyQualifiedErrorId | Should -BeLike 'OutputIsNotOurs,*'
            Get-Content $first.Path | Should -Be 'precious'
        }

        It 'are overwritten with -Force' {
            Remove-Item $first.Path
            $null = Invoke-LoraResize style.safetensors @byCheckpoint -Destination again
            (Invoke-LoraResize style.safetensors @byCheckpoint -Destination again -Force).Size | Should -Be $first.Size
        }

        It 'are left as they are with -SkipExisting' {
            $null = Invoke-LoraResize style.safetensors @byCheckpoint -Destination again -Force
            $written = (Get-Item $first.Path).LastWriteTimeUtc
            Invoke-LoraResize style.safetensors @byCheckpoint -Destination again -SkipExisting -ErrorVariable problems | Should -BeNullOrEmpty
            $problems | Should -BeNullOrEmpty
            (Get-Item $first.Path).LastWriteTimeUtc | Should -Be $written
        }
    }

    It 'plans with -WhatIf -PassThru' {
        $plan = Invoke-LoraResize style.safetensors @byCheckpoint -Destination planned -WhatIf -PassThru
        $plan.IsWritten | Should -BeFalse
        Test-Path planned | Should -BeFalse
        $result = Invoke-LoraResize style.safetensors @byCheckpoint -Destination planned
        $result.Path, $result.Size, $result.Rank | Should -Be $plan.Path, $plan.Size, $plan.Rank
    }

    It 'says that it has nothing to do' {
        @() | Invoke-LoraResize -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -HaveCount 1
        Invoke-LoraResize style.safetensors -Checkpoint style.safetensors -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -HaveCount 1
        $warnings[0] | Should -Match 'is the checkpoint'
    }

    It 'writes nothing with -WhatIf' {
        Invoke-LoraResize style.safetensors @byCheckpoint -Destination whatif -WhatIf | Should -BeNullOrEmpty
        Test-Path whatif | Should -BeFalse
    }

    It 'skips what an earlier run has made, with one warning' {
        $null = New-Item -ItemType Directory mixed
        Copy-Item style.safetensors mixed
        $null = Invoke-LoraResize mixed/style.safetensors @byCheckpoint
        $results = Invoke-LoraResize mixed/* @byCheckpoint -Force -WarningVariable warnings -WarningAction SilentlyContinue
        $results.SourcePath | Should -Be (Get-Item mixed/style.safetensors).FullName
        $warnings | Should -HaveCount 1
        $warnings[0] | Should -Match '-IncludeResized'
    }

    It 'asks for the checkpoint, before any work, if the recipe needs it' {
        $problem = { Invoke-LoraResize style.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' -Destination needs } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -BeLike 'CheckpointNeeded,*'
        Test-Path needs | Should -BeFalse
    }

    It 'refuses two outputs of one name, before any work' {
        $null = New-Item -ItemType Directory twin
        Copy-Item style.safetensors twin
        { Invoke-LoraResize style.safetensors, twin/style.safetensors @byCheckpoint -Destination clash } | Should -Throw
        Get-ChildItem clash -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'reports a bad file and goes on with the others' {
        [System.IO.File]::WriteAllBytes((Join-Path $PWD bad.safetensors), [byte[]](1..100))
        $results = 'bad.safetensors', 'none.safetensors', 'style.safetensors' |
            Invoke-LoraResize @byCheckpoint -Destination bad -ErrorAction SilentlyContinue -ErrorVariable problems
        Remove-Item bad.safetensors
        $results.Name | Should -Be 'style_spnckpt1_th-1.2.safetensors'
        $problems.CategoryInfo.Category | Sort-Object { "$_" } | Should -Be 'InvalidData', 'ObjectNotFound'
    }

    It 'changes no input' {
        $before = Get-ChildItem *.safetensors | Get-FileHash
        $null = Get-ChildItem *.safetensors | Invoke-LoraResize @byCheckpoint -Destination inputs
        Compare-Object $before (Get-ChildItem *.safetensors | Get-FileHash) -Property Path, Hash | Should -BeNullOrEmpty
    }

    Context 'A layer that the checkpoint does not have' {
        BeforeAll {
            $stranger = @{ Lora = 'lora_unet_input_blocks_4_1_transformer_blocks_7_attn1_to_q'; Out = 128; In = 128 }
            $tensors = New-LoraTensor $stranger @(1.0, 0.5) 2
            $tensors += New-LoraTensor $script:SampleLayers[1] @(1.0, 0.5) 2
            Save-Safetensors (Join-Path $PWD stranger.safetensors) $tensors
        }

        It 'is kept, with a warning' {
            $result = Invoke-LoraResize stranger.safetensors @byCheckpoint -Destination keep -WarningVariable warnings -WarningAction SilentlyContinue
            (Get-SafetensorsHeader $result.Path).Keys | Should -Contain "$($stranger.Lora).lora_up.weight"
            $warnings -match 'no partner' | Should -HaveCount 1
        }

        It 'is left out with -UnmatchedLayer Drop' {
            $result = Invoke-LoraResize stranger.safetensors @byCheckpoint -Destination drop -UnmatchedLayer Drop -WarningAction SilentlyContinue
            (Get-SafetensorsHeader $result.Path).Keys | Should -Not -Contain "$($stranger.Lora).lora_up.weight"
        }

        It 'is an error with -UnmatchedLayer Error' {
            Invoke-LoraResize stranger.safetensors @byCheckpoint -Destination error -UnmatchedLayer Error -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
            $problems | Should -HaveCount 1
        }
    }

    Context 'Of a folder that PEFT has saved' {
        BeforeAll {
            $null = New-Item -ItemType Directory -Path peft, notes
            Copy-Item (Join-Path $PSScriptRoot '../TestData/peft/plain/adapter_*') peft
            $result = Get-ChildItem peft, notes -Recurse | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'
        }

        It 'is a folder, once, however many of its files come' {
            $result.Name | Should -Be 'peft_spnlora1_th-0.3'
            $result.SourcePath | Should -Be (Get-Item peft).FullName
            (Get-ChildItem $result.Path).Name | Should -Be 'adapter_config.json', 'adapter_model.safetensors'
        }

        It 'is scaled by alpha and rank of the configuration' {
            $config = Get-Content peft/adapter_config.json -Raw | ConvertFrom-Json
            (Get-LoraSpectrum peft | ForEach-Object Alpha) | Should -Be (, $config.lora_alpha * 10)
            $after = Get-LoraSpectrum $result.Path
            $after | ForEach-Object { $_.Alpha | Should -Be $_.Rank }
            ($after | Measure-Object SpectralNorm -Maximum).Maximum | Should -BeLessThan (1.001 * (Get-LoraSpectrum peft | Measure-Object SpectralNorm -Maximum).Maximum)
        }

        It 'says what was written in its configuration' {
            $before = Get-Content peft/adapter_config.json -Raw | ConvertFrom-Json -AsHashtable
            $config = Get-Content (Join-Path $result.Path 'adapter_config.json') -Raw | ConvertFrom-Json -AsHashtable
            $config.Keys | Should -Be $before.Keys
            foreach ($layer in Get-LoraSpectrum $result.Path) {
                $name = $layer.Name -replace '^base_model\.model\.'
                ($config.rank_pattern[$name] ?? $config.r) | Should -Be $layer.Rank
                ($config.alpha_pattern[$name] ?? $config.lora_alpha) | Should -Be $layer.Rank
            }
        }

        It 'is refused of another folder that is named' {
            { Invoke-LoraResize notes -Recipe 'spn_lora=1,thr=-0.3' -ErrorAction Stop } | Should -Throw -ErrorId 'PathIsFolder,*' -ExpectedMessage '*adapter_config.json*'
        }
    }
}
