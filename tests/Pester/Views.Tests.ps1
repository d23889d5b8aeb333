BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
    $layers = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors
    $results = Invoke-LoraResize style.safetensors -Checkpoint base.safetensors

    function Get-Text([int] $Width = 100) { process { $all += @($_) } end { [System.Management.Automation.Internal.StringDecorated]::new(($all | Out-String -Width $Width)).ToString('PlainText') } }
}

AfterAll { Exit-Sample }

Describe 'A table' {
    It 'of <Name> shows columns that can be selected' -ForEach @(
        @{ Name = 'layers'; Get = { $layers } }
        @{ Name = 'results'; Get = { $results } }
        @{ Name = 'differences'; Get = { Compare-Lora style.safetensors $results -Checkpoint base.safetensors } }
        @{ Name = 'sums of differences'; Get = { Compare-Lora style.safetensors $results -Checkpoint base.safetensors -Summary } }
        @{ Name = 'recipes'; Get = { New-ResizeRecipe 'spn_ckpt=1,thr=-1' } }
        @{ Name = 'cache entries'; Get = { Get-SpectralNormCache } }
    ) {
        $items = & $Get
        $lines = ($items | Get-Text) -split '\r?\n'
        $columns = $lines[[Array]::FindIndex($lines, [Predicate[string]] { $args[0] -match '^ *-' }) - 1].Trim() -split ' +'

        $selected = $items | Select-Object -First 1 -Property $columns
        foreach ($column in $columns) { $selected.$column | Should -Not -BeNullOrEmpty -Because "$column is shown" }
    }

    It 'of results fits <_> columns' -ForEach 80, 100, 120 {
        $row = ($results | Get-Text $_) -split '\r?\n' -match 'style_'
        $row | Should -Match '^ +77 42\.8 KiB    65\.5% 0\.1813 style_spnckpt1_th-1\.2\.safetensors *$'
    }

    It 'tells plans from what was written' {
        ($results | Get-Text) | Should -Not -Match 'planned'
        (Invoke-LoraResize detail.safetensors -Checkpoint base.safetensors -WhatIf -PassThru | Get-Text) | Should -Match 'Directory: .*\(planned, not written\)'
    }
}

Describe 'A view' {
    It 'is the same under strict mode and with variables of the user' {
        $items = @($layers) + $results + (Get-SpectralNormCache) + (New-ResizeRecipe 'spn_ckpt=1,thr=-1') + (Get-LoraInfo style.safetensors)
        $before = @($items | Format-List | Get-Text) + @($items | ForEach-Object { $_ | Format-Table | Get-Text }) -join ''
        & {
            Set-StrictMode -Version Latest
            $index = 7; $first = 'x'; $value = 'y'; $OFS = '|'
            @($items | Format-List | Get-Text) + @($items | ForEach-Object { $_ | Format-Table | Get-Text }) -join ''
        } | Should -BeExactly $before
    }

    It 'draws the spectrum without colours' {
        $env:NO_COLOR = '1'
        try { $printed = & ([System.Environment]::ProcessPath) -NoProfile -NonInteractive -Command "`$PSStyle.OutputRendering.ToString(); Import-Module '$(Find-TestModule)'; Get-LoraSpectrum style.safetensors" }
        finally { $env:NO_COLOR = $null }
        $printed[0] | Should -Be 'PlainText'
        $printed -match '██▇▇▆▆▅▅▄▃▃▂▂▁▁▁' | Should -HaveCount 10
        $printed -match "`e" | Should -BeNullOrEmpty
    }

    It 'shows layers and results that come from a job' {
        $job = Start-Job { param($manifest, $folder) Import-Module $manifest; Set-Location -LiteralPath $folder; Get-LoraSpectrum style.safetensors | Select-Object -First 1 } -ArgumentList (Find-TestModule), $PWD.ProviderPath
        $copy = $job | Receive-Job -Wait -AutoRemoveJob
        ($copy | Get-Text) | Should -Match 'SpecNorm +RelNorm +Spectrum'
        ($copy | Format-List | Get-Text) | Should -Match '(?m)^SingularValues +: 1\.5 1\.2 '
    }
}
