BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample

    # The same tensors with other metadata: another checkpoint, since the whole file counts.
    $tensors = @{}
    foreach ($layer in $script:SampleLayers) { $tensors[$layer.Base] = New-BaseTensor $layer }
    Save-Safetensors (Join-Path $PWD 'other.safetensors') $tensors @{ title = 'other' }
}

AfterAll { Exit-Sample }

Describe 'Clear-SpectralNormCache' {
    BeforeEach {
        foreach ($checkpoint in 'base', 'other') { $null = Get-LoraSpectrum style.safetensors -Checkpoint "$checkpoint.safetensors" }
        (Get-SpectralNormCache).Name | Sort-Object | Should -Be 'base.safetensors', 'other.safetensors'
    }

    It 'removes everything' {
        Clear-SpectralNormCache | Should -BeNullOrEmpty
        Get-SpectralNormCache | Should -BeNullOrEmpty
    }

    It 'removes one checkpoint, given as <Case>' -TestCases @(
        @{ Case = 'a name'; Script = { Clear-SpectralNormCache base.safetensors } }
        @{ Case = 'a file'; Script = { Get-Item base.safetensors | Clear-SpectralNormCache } }
        @{ Case = 'an entry'; Script = { Get-SpectralNormCache | Where-Object Name -eq base.safetensors | Clear-SpectralNormCache } }
    ) {
        & $Script
        (Get-SpectralNormCache).Name | Should -Be 'other.safetensors'
    }

    It 'emits what it removed, with -PassThru' {
        $removed = Clear-SpectralNormCache other.safetensors -PassThru
        $removed | Should -BeOfType ([ResizeLora.NormCacheEntry])
        $removed.Name | Should -Be 'other.safetensors'
    }

    It 'removes nothing with -WhatIf' {
        Clear-SpectralNormCache -WhatIf
        Get-SpectralNormCache | Should -HaveCount 2
    }

    It 'reports a checkpoint that is not there' {
        Clear-SpectralNormCache none.safetensors -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems | Should -HaveCount 1
        $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        Get-SpectralNormCache | Should -HaveCount 2
    }
}
