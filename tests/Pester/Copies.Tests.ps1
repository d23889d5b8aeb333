BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
    $manifest = Find-TestModule
    $recipe = 'spn_ckpt=1,thr=-1:fro_lora=1,size=0.03'
    $layers = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors | Where-Object Component -NE TextEncoder1
    $attached = $layers | New-ResizeRecipe $recipe
    $expected = $attached | Invoke-LoraResize -Destination expected
}

AfterAll { Exit-Sample }

Describe 'What the shell makes of layers' {
    It 'gives the same bytes as the layers: <Case>' -TestCases @(
        @{ Case = 'Select-Object *'; Script = { $attached | Select-Object * } }
        @{ Case = 'Select-Object -Property with one of its own'; Script = { $attached | Select-Object *, @{ Name = 'Note'; Expression = { 'x' } } } }
        @{ Case = 'Export-Clixml'; Script = { $attached | Export-Clixml layers.xml; Import-Clixml layers.xml } }
        @{ Case = 'Export-Clixml of a selection'; Script = { $attached | Select-Object * | Export-Clixml layers.xml; Import-Clixml layers.xml } }
        @{ Case = 'ConvertTo-Json'; Script = { $attached | ConvertTo-Json -WarningAction SilentlyContinue | ConvertFrom-Json } }
        @{ Case = 'ConvertTo-Json -Depth 5'; Script = { $attached | ConvertTo-Json -Depth 5 | ConvertFrom-Json } }
        @{ Case = 'Export-Csv'; Script = { $attached | Export-Csv layers.csv; Import-Csv layers.csv } }
        @{ Case = 'Export-Csv with types'; Script = { $attached | Export-Csv layers.csv -IncludeTypeInformation; Import-Csv layers.csv } }
    ) {
        $results = & $Script | Invoke-LoraResize -Destination copies -Force
        $results.Name | Should -Be $expected.Name
        foreach ($one in $expected) { Get-Hash (Join-Path copies $one.Name) | Should -Be (Get-Hash $one.Path) }
    }

    It 'keeps layers that have no recipes: <Case>' -TestCases @(
        @{ Case = 'Export-Csv'; Script = { $layers | Export-Csv plain.csv; Import-Csv plain.csv } }
        @{ Case = 'ConvertTo-Csv'; Script = { $layers | ConvertTo-Csv | ConvertFrom-Csv } }
    ) {
        $copies = & $Script
        $copies.Recipes | Select-Object -Unique | Should -BeNullOrEmpty
        ($copies | Invoke-LoraResize -Checkpoint base.safetensors -Destination plain -Force).LayerCount | Should -Be 8
    }

    It 'gives the same bytes from a background job' {
        $fromJob = Start-Job {
            Import-Module $using:manifest
            Set-Location -LiteralPath $using:PWD
            Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors | Where-Object Component -NE TextEncoder1 | New-ResizeRecipe $using:recipe
        } | Receive-Job -Wait -AutoRemoveJob
        $fromJob | Should -HaveCount 8
        $null = $fromJob | Invoke-LoraResize -Destination job
        foreach ($one in $expected) { Get-Hash (Join-Path job $one.Name) | Should -Be (Get-Hash $one.Path) }
    }

    It 'gives layers again, for New-ResizeRecipe and Get-LoraSpectrum' {
        $layers | Export-Clixml layers.xml
        $again = Import-Clixml layers.xml | New-ResizeRecipe $recipe
        $again | Should -BeOfType ([ResizeLora.DecomposedLayer])
        $again.Recipes | ForEach-Object Recipe | Select-Object -Unique | Should -Be ($recipe -split ':')
        $compared = Import-Clixml layers.xml | Get-LoraSpectrum -Checkpoint base.safetensors
        $compared.BaseSpectralNorm | Should -Be $layers.BaseSpectralNorm
    }

    It 'means these layers where only Name and Path are left, and asks for the recipe' {
        $result = $layers | Select-Object Name, Path | Invoke-LoraResize -Recipe 'fro_lora=1,size=0.03' -Destination named
        $result.LayerCount | Should -Be 8
        $layers | Select-Object Name, Path | Export-Csv names.csv
        (Import-Csv names.csv | Invoke-LoraResize -Recipe 'fro_lora=1,size=0.03' -Destination named -Force).LayerCount | Should -Be 8
        $attached | Select-Object Name, Path | Invoke-LoraResize -Destination never -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'LayerNotRestored,*'
        Test-Path never | Should -BeFalse
    }

    It 'is refused where the file has changed' {
        Copy-Item style.safetensors moving.safetensors
        Get-LoraSpectrum moving.safetensors | Export-Clixml moving.xml
        Copy-Item detail.safetensors moving.safetensors
        Import-Clixml moving.xml | Invoke-LoraResize -Recipe 'fro_lora=1,thr=-1' -Destination never -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
        Remove-Item moving.safetensors
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'FileChanged,*'
    }

    It 'is files, where it is a list of files' {
        Get-ChildItem style.safetensors, detail.safetensors | Select-Object Name, @{ Name = 'Path'; Expression = 'FullName' } | Export-Csv files.csv
        (Import-Csv files.csv | Invoke-LoraResize -Recipe 'fro_lora=1,thr=-1' -Destination files).Name | Should -HaveCount 2
    }
}
