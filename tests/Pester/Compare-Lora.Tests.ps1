BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
    $result = Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Precision Float32 -Destination out
}

AfterAll { Exit-Sample }

Describe 'Compare-Lora' {
    It 'finds the error that the result of resizing has' {
        $all = Compare-Lora style.safetensors $result -Summary | Select-Object -Last 1
        $all | Should -BeOfType ([ResizeLora.LoraDifferenceSummary])
        $all.Scope | Should -Be 'All'
        $all.LayerCount | Should -Be 10
        [Math]::Abs($all.RelativeError - $result.RelativeError) | Should -BeLessThan 1e-6
    }

    It 'gives one object per layer, in the order of the model' {
        $layers = Compare-Lora style.safetensors out/*.safetensors
        $layers | Should -HaveCount 10
        $layers | Should -BeOfType ([ResizeLora.LoraDifference])
        ($layers.Component | Get-Unique) | Should -Be 'Unet', 'TextEncoder1', 'TextEncoder2'
        ($layers.Block | Get-Unique) | Should -Be 'input_blocks_4', 'text_model_encoder_layers_0'
        $layers.SideIndicator | Should -Be (@('==') * 10)
        foreach ($layer in $layers) {
            [Math]::Abs($layer.ReferenceNorm - 2.5) | Should -BeLessThan 1e-3
            [Math]::Abs($layer.DifferenceNorm * $layer.DifferenceNorm + $layer.Norm * $layer.Norm - $layer.ReferenceNorm * $layer.ReferenceNorm) | Should -BeLessThan 1e-4
        }
    }

    It 'finds no difference between a file and itself' {
        $layers = Compare-Lora style.safetensors style.safetensors
        $layers.DifferenceNorm | Should -Be (@(0) * 10)
        $layers.RelativeError | Should -Be (@(0) * 10)
    }

    It 'relates errors to the checkpoint, and skips it among the inputs' {
        $summaries = Get-ChildItem *.safetensors | Compare-Lora style.safetensors -Checkpoint base.safetensors -Summary | Where-Object Scope -EQ All
        Split-Path $summaries.DifferencePath -LeafBase | Sort-Object | Should -Be 'character', 'detail', 'style'
        foreach ($summary in $summaries) { $summary.BaseRelativeError | Should -Not -BeNullOrEmpty }
        (Compare-Lora style.safetensors detail.safetensors)[0].BaseRelativeError | Should -BeNullOrEmpty
    }

    It 'takes files as <Case>' -TestCases @(
        @{ Case = 'a wildcard'; Script = { Compare-Lora style.safetensors [cd]*.safetensors } }
        @{ Case = 'several names'; Script = { Compare-Lora style.safetensors character.safetensors, detail.safetensors } }
        @{ Case = 'named parameters'; Script = { Compare-Lora -ReferencePath style.safetensors -DifferencePath character.safetensors, detail.safetensors } }
        @{ Case = 'literal names'; Script = { Compare-Lora style.safetensors -LiteralDifferencePath character.safetensors, detail.safetensors } }
        @{ Case = 'objects from Get-ChildItem'; Script = { Get-ChildItem character.safetensors, detail.safetensors | Compare-Lora style.safetensors } }
        @{ Case = 'text in the pipeline'; Script = { 'character.safetensors', 'detail.safetensors' | Compare-Lora style.safetensors } }
        @{ Case = 'objects with a path'; Script = { [pscustomobject]@{ Path = 'character.safetensors' }, [pscustomobject]@{ Path = 'detail.safetensors' } | Compare-Lora style.safetensors } }
    ) {
        $groups = & $Script | Group-Object { Split-Path $_.DifferencePath -LeafBase }
        $groups.Name | Sort-Object | Should -Be 'character', 'detail'
        foreach ($group in $groups) { $group.Group | Should -HaveCount 10 }
    }

    It 'takes brackets in a name as they are' {
        Copy-Item style.safetensors 'style [1].safetensors'
        Compare-Lora 'style [1].safetensors' -LiteralDifferencePath 'style [1].safetensors' | Should -HaveCount 10
        Remove-Item -LiteralPath 'style [1].safetensors'
    }

    It 'ends with an error if the reference is <Case>' -TestCases @(
        @{ Case = 'missing'; Path = 'none.safetensors'; Id = 'FileNotFound' }
        @{ Case = 'a checkpoint'; Path = 'base.safetensors'; Id = 'NoLoraLayers' }
        @{ Case = 'several files'; Path = '*.safetensors'; Id = 'SeveralReferences' }
    ) {
        { Compare-Lora $Path style.safetensors } | Should -Throw -ErrorId "$Id,*"
    }

    It 'reports <Case> and goes on' -TestCases @(
        @{ Case = 'a missing file'; Path = 'none.safetensors'; Id = 'FileNotFound' }
        @{ Case = 'a checkpoint'; Path = 'base.safetensors'; Id = 'NoLoraLayers' }
        @{ Case = 'a picture'; Path = 'cover.jpg'; Id = 'InvalidSafetensors' }
        @{ Case = 'a folder that does not exist'; Path = 'nowhere/x.safetensors'; Id = 'FileNotFound' }
    ) {
        [System.IO.File]::WriteAllBytes((Join-Path $PWD cover.jpg), [byte[]](0xFF, 0xD8, 0xFF) + [byte[]](1..100))
        $layers = Compare-Lora style.safetensors $Path, detail.safetensors -ErrorAction SilentlyContinue -ErrorVariable problems
        $layers | Should -HaveCount 10
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        "$($problems[0])" | Should -Match ([regex]::Escape((Split-Path $Path -Leaf)))
    }

    It 'has numbers where columns are exported' {
        $row = Compare-Lora style.safetensors detail.safetensors | ConvertTo-Csv | ConvertFrom-Csv | Select-Object -First 1
        [double]$row.RelativeError | Should -BeGreaterThan 0
        (Compare-Lora style.safetensors detail.safetensors | Measure-Object RelativeError -Maximum).Maximum | Should -BeGreaterThan 0
    }

    It 'completes file names' {
        (TabExpansion2 'Compare-Lora sty' 16).CompletionMatches.CompletionText | Should -Match 'style.safetensors'
        (TabExpansion2 'Compare-Lora style.safetensors det' 34).CompletionMatches.CompletionText | Should -Match 'detail.safetensors'
    }
}
