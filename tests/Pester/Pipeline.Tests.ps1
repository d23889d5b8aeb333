BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample

    # How often all ten layers of a LoRA of the sample were decomposed, as the progress tells.
    function Measure-Decomposition([powershell] $Shell) {
        @($Shell.Streams.Progress | Where-Object { "$($_.StatusDescription) $($_.CurrentOperation)" -match 'Decomposing.* 10 of 10' }).Count
    }

    # A LoRA that takes seconds: many layers with the same random entries.
    function New-LargeLora([string] $Path, [int] $Layers, [int] $Rank, [int] $Width) {
        $bytes = [byte[]]::new(2 * $Rank * $Width)
        [System.Random]::new(1).NextBytes($bytes)
        for ($i = 1; $i -lt $bytes.Length; $i += 2) { $bytes[$i] = $bytes[$i] -band 0x83 -bor 0x2C }    # ±0.06 to ±0.12
        $header = [ordered]@{}
        $offset = 0L
        foreach ($layer in 1..$Layers) {
            foreach ($factor in @{ Name = 'lora_down'; Shape = $Rank, $Width }, @{ Name = 'lora_up'; Shape = $Width, $Rank }) {
                $header["lora_unet_layer_$layer.$($factor.Name).weight"] = [ordered]@{ dtype = 'F16'; shape = $factor.Shape; data_offsets = $offset, ($offset + $bytes.Length) }
                $offset += $bytes.Length
            }
        }
        $json = $header | ConvertTo-Json -Depth 4 -Compress
        $json += ' ' * ((8 - $json.Length % 8) % 8)
        $writer = [System.IO.BinaryWriter]::new([System.IO.File]::Create($Path))
        try {
            $writer.Write([long]$json.Length)
            $writer.Write([System.Text.Encoding]::ASCII.GetBytes($json))
            foreach ($tensor in 1..(2 * $Layers)) { $writer.Write($bytes) }
        }
        finally { $writer.Dispose() }
    }
}

AfterAll { Exit-Sample }

Describe 'The three ways to use it' {
    It 'One line for a folder' {
        $results = Get-ChildItem *.safetensors | Invoke-LoraResize -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2'
        $results.Name | Sort-Object | Should -Be 'character_spnckpt1_th-1.2.safetensors', 'detail_spnckpt1_th-1.2.safetensors', 'style_spnckpt1_th-1.2.safetensors'
        $results.Path | Should -Exist
        $results.Path | Remove-Item
    }

    It 'A script that is run again and again, and is not stopped by a bad file' {
        [System.IO.File]::WriteAllBytes((Join-Path $PWD damaged.safetensors), [byte[]](1..100))
        $job = {
            $results = Get-ChildItem *.safetensors |
                Invoke-LoraResize -Checkpoint base.safetensors -Destination job -SkipExisting -ErrorAction SilentlyContinue -ErrorVariable problems
            @{ Results = @($results); Problems = @($problems) }
        }
        $first = & $job
        $second = & $job
        Remove-Item damaged.safetensors

        $first.Results | Should -HaveCount 3
        $second.Results | Should -HaveCount 0
        foreach ($run in $first, $second) {
            $run.Problems | Should -HaveCount 1
            $run.Problems[0].TargetObject | Should -BeLike '*damaged.safetensors'
        }
    }

    It 'Layers in a variable: look, try recipes, write' {
        $layers = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors
        $results = $layers | New-ResizeRecipe 'spn_ckpt=1,thr=-1.2' | New-ResizeRecipe 'spn_lora=1,size=0.05' | Invoke-LoraResize -Destination out
        $results | Should -HaveCount 2
        $results[0].Name | Should -Be 'style_spnckpt1_th-1.2.safetensors'
        $results[1].Size | Should -BeLessOrEqual (0.05 * 1MB)
    }
}

Describe 'Layers in the pipeline' {
    BeforeAll { $recipe = 'spn_lora=1,thr=-0.5' }

    It 'give the same bytes as files' {
        $fromFile = Invoke-LoraResize style.safetensors -Recipe $recipe -Destination files
        $fromLayers = Get-LoraSpectrum style.safetensors | Invoke-LoraResize -Recipe $recipe -Destination layers
        Get-Hash $fromLayers.Path | Should -Be (Get-Hash $fromFile.Path)
    }

    It 'that were filtered out are left out' {
        $result = Get-LoraSpectrum style.safetensors | Where-Object Component -NE TextEncoder1 | Invoke-LoraResize -Recipe $recipe -Destination filtered
        $result.LayerCount | Should -Be 8
        $names = (Get-SafetensorsHeader $result.Path).Keys
        $names -like 'lora_te1_*' | Should -BeNullOrEmpty
        $names -like 'lora_te2_*' | Should -Not -BeNullOrEmpty
    }

    It 'of two LoRAs may be mixed' {
        $apart = Invoke-LoraResize style.safetensors, detail.safetensors -Recipe $recipe -Destination apart
        $mixed = Get-LoraSpectrum style.safetensors, detail.safetensors | Sort-Object Name, Path | Invoke-LoraResize -Recipe $recipe -Destination mixed
        $mixed | Should -HaveCount 2
        foreach ($result in $apart) { Get-Hash (Join-Path mixed $result.Name) | Should -Be (Get-Hash $result.Path) }
    }

    It 'are refused once their file has changed' {
        Copy-Item style.safetensors changing.safetensors
        $layers = Get-LoraSpectrum changing.safetensors
        Copy-Item detail.safetensors changing.safetensors
        $layers | Invoke-LoraResize -Recipe $recipe -Destination changed -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
        Remove-Item changing.safetensors
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'FileChanged,*'
        Get-ChildItem changed -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'stop coming when nobody wants more' {
        Get-LoraSpectrum style.safetensors | Select-Object -First 2 | Should -HaveCount 2
    }

    It 'go to another runspace' {
        $shell = New-ModuleShell "`$input | Invoke-LoraResize -Recipe '$recipe' -Destination elsewhere"
        try { $shell.Invoke([object[]](Get-LoraSpectrum style.safetensors)).Name | Should -Be 'style_spnlora1_th-0.5.safetensors' }
        finally { Close-ModuleShell $shell }
    }
}

Describe 'Files in the pipeline' {
    BeforeAll { $recipe = @{ Recipe = 'spn_lora=1,thr=-0.7' } }

    AfterEach { Remove-Item *_th*.safetensors }

    It 'are resized as they come, so that -PipelineVariable is the one of the result' {
        $pairs = Get-ChildItem character.safetensors, detail.safetensors, style.safetensors -PipelineVariable file |
            Invoke-LoraResize @recipe -WarningAction SilentlyContinue |
            ForEach-Object { "$($file.BaseName) $($_.Name -replace '_.*')" }
        $pairs | Should -Be 'character character', 'detail detail', 'style style'
    }

    It 'are not resized when nobody wants more, and are let go of' {
        (Get-ChildItem detail.safetensors, style.safetensors | Invoke-LoraResize @recipe | Select-Object -First 1).Name | Should -Be 'detail_spnlora1_th-0.7.safetensors'
        Get-ChildItem *_th*.safetensors | Should -HaveCount 1
        [System.IO.File]::Open((Get-Item detail.safetensors).FullName, 'Open', 'ReadWrite', 'None').Dispose()
    }

    It 'of a folder that is listed meanwhile are not resized twice' {
        $results = Get-ChildItem | Where-Object Extension -EQ .safetensors | Where-Object Name -NE base.safetensors | Invoke-LoraResize @recipe -WarningAction SilentlyContinue -WarningVariable warnings
        $results | Should -HaveCount 3
        $warnings | Where-Object { $_ -notlike '* not get smaller*' } | Should -BeNullOrEmpty
    }
}

Describe 'Nothing is decomposed twice' {
    It 'for <Case>' -TestCases @(
        @{ Case = 'several recipes of a file'; Expected = 1; Script = "Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.5:spn_lora=1,thr=-0.4:fro_lora=1,thr=-1' -Destination once1" }
        @{ Case = 'layers that are piped'; Expected = 1; Script = "Get-LoraSpectrum style.safetensors | New-ResizeRecipe 'spn_lora=1,thr=-0.5:spn_lora=1,thr=-0.4' | Invoke-LoraResize -Destination once2" }
        @{ Case = 'layers in a variable'; Expected = 1; Script = "`$l = Get-LoraSpectrum style.safetensors; foreach (`$t in -0.5, -0.4, -0.3) { `$l | Invoke-LoraResize -Recipe ""spn_lora=1,thr=`$t"" -Destination once3 }" }
        @{ Case = 'two calls, which the measure has to tell apart'; Expected = 2; Script = "Get-LoraSpectrum style.safetensors; Get-LoraSpectrum style.safetensors" }
    ) {
        $shell = New-ModuleShell $Script
        try {
            $shell.Invoke() | Should -Not -BeNullOrEmpty
            $shell.Streams.Error | Should -BeNullOrEmpty
            Measure-Decomposition $shell | Should -Be $Expected
        }
        finally { Close-ModuleShell $shell }
    }
}

Describe 'Ctrl+C' {
    BeforeAll {
        $large = Join-Path $PWD large
        $null = New-Item -ItemType Directory $large
        New-LargeLora (Join-Path $large large.safetensors) -Layers 50 -Rank 384 -Width 512
    }

    It 'ends the work within two seconds of the processors while it is <Case>, and leaves nothing behind' -TestCases @(
        @{ Case = 'decomposing'; IsBusy = { param($shell) $shell.Streams.Progress.Count -gt 0 } }
        @{ Case = 'writing'; IsBusy = { Get-ChildItem $large -Force -Filter *.tmp } }
    ) {
        $shell = New-ModuleShell "Invoke-LoraResize '$large/large.safetensors' -Recipe 'spn_lora=1,thr=-0.3'"
        try {
            $running = $shell.BeginInvoke()
            while (-not $running.IsCompleted -and -not (& $IsBusy $shell)) { Start-Sleep -Milliseconds 2 }
            $running.IsCompleted | Should -BeFalse -Because 'the work must not be over before it is stopped'

            # Time of the processors: what else the machine does makes no difference.
            $before = [Environment]::CpuUsage.TotalTime
            $shell.Stop()
            ([Environment]::CpuUsage.TotalTime - $before).TotalSeconds | Should -BeLessThan 2
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            (Get-ChildItem $large -Force).Name | Should -Be 'large.safetensors'
        }
        finally { Close-ModuleShell $shell }
    }
}
