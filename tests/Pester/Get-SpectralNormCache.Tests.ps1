BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
}

AfterAll { Exit-Sample }

Describe 'Get-SpectralNormCache' {
    It 'emits nothing while nothing is cached' {
        Get-SpectralNormCache | Should -BeNullOrEmpty
        Test-Path $env:RESIZELORA_CACHE | Should -BeFalse -Because 'looking makes no folder'
    }

    It 'lists a checkpoint, once its norms were needed' {
        $null = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors
        $entry = Get-SpectralNormCache
        $entry | Should -HaveCount 1
        $entry | Should -BeOfType ([ResizeLora.NormCacheEntry])
        $entry.Name | Should -Be 'base.safetensors'
        $entry.LayerCount | Should -Be 10
        $entry.Sha256 | Should -Be (Get-Hash base.safetensors)
        Split-Path $entry.Path | Should -Be $env:RESIZELORA_CACHE
    }

    It 'knows a checkpoint by its content' {
        Copy-Item base.safetensors copy.safetensors
        $null = Get-LoraSpectrum detail.safetensors -Checkpoint copy.safetensors
        Get-SpectralNormCache | Should -HaveCount 1
    }
}
