BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $isCheckout = Test-Path (Join-Path (Split-Path (Find-TestModule)) ResizeLora.sln)
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
    $manifest = Find-TestModule
    $cmdlets = 'Clear-SpectralNormCache', 'Compare-Lora', 'Get-LoraInfo', 'Get-LoraSpectrum', 'Get-SpectralNormCache', 'Invoke-LoraResize', 'New-ResizeRecipe'
}

AfterAll { Exit-Sample }

Describe 'The manifest' {
    BeforeAll { $info = Test-ModuleManifest $manifest -WarningVariable warnings -ErrorVariable problems }

    It 'is valid' {
        $warnings | Should -BeNullOrEmpty
        $problems | Should -BeNullOrEmpty
        $info.Name | Should -Be 'ResizeLora'
    }

    It 'names each command that is exported' {
        $data = Import-PowerShellDataFile $manifest
        $data.CmdletsToExport | Sort-Object | Should -Be $cmdlets
        $data.AliasesToExport | Should -Be 'Resize-Lora'
        foreach ($kind in 'FunctionsToExport', 'VariablesToExport') { , $data.$kind | Should -BeNullOrEmpty }
    }

    It 'says what a gallery shows' {
        foreach ($property in 'Description', 'Author', 'Copyright', 'LicenseUri', 'ProjectUri', 'ReleaseNotes', 'Tags') { $info.$property | Should -Not -BeNullOrEmpty -Because "$property is shown" }
        $info.PowerShellVersion | Should -Be '7.6'
        $info.CompatiblePSEditions | Should -Be 'Core'
    }

    It 'has notes in the changelog' {
        Join-Path (Split-Path $manifest) CHANGELOG.md | Should -FileContentMatch "^## $([regex]::Escape($info.Version))"
    }
}

Describe 'The published folder' -Skip:$isCheckout {
    BeforeAll { $files = Get-ChildItem (Split-Path $manifest) -Recurse -File | ForEach-Object { [System.IO.Path]::GetRelativePath((Split-Path $manifest), $_.FullName).Replace('\', '/') } }

    It 'holds <_>' -ForEach @(
        'ResizeLora.psd1', 'ResizeLora.Format.ps1xml', 'ResizeLora.Types.ps1xml', 'README.md', 'CHANGELOG.md', 'LICENSE'
        'docs/THIRD-PARTY-NOTICES.md', 'docs/quickstart.ps1', 'docs/quickstart-sample.ps1', 'docs/licenses/GPL-3.0.txt', 'docs/licenses/GCC-exception-3.1.txt'
        'en-US/ResizeLora.dll-Help.xml', 'bin/ResizeLora.dll', 'bin/ResizeLora.Core.dll'
        'bin/torch/ResizeLora.Torch.dll', 'bin/torch/TorchSharp.dll', 'bin/torch/natives.txt', 'bin/torch/LICENSE-LIBTORCH.txt'
    ) { $files | Should -Contain $_ }

    It 'holds each native file of the list, whole' {
        foreach ($line in Get-Content (Join-Path (Split-Path $manifest) bin/torch/natives.txt)) {
            $size, $name = $line.Split(' ', 2)
            $files | Should -Contain "bin/torch/$name"
            (Get-Item (Join-Path (Split-Path $manifest) "bin/torch/$name")).Length | Should -Be $size
        }
    }

    It 'holds each file to which a page in it links' {
        foreach ($page in Get-ChildItem (Split-Path $manifest) -Recurse -Filter *.md) {
            foreach ($link in [regex]::Matches((Get-Content $page -Raw), '\]\((?!https?:|#)([^)#\s]+)').ForEach({ $_.Groups[1].Value })) {
                Join-Path $page.Directory $link | Should -Exist -Because "$($page.Name) links to it"
            }
        }
    }

    It 'holds nothing of the build' {
        $files -match '\.(pdb|cs|csproj|deps\.json)$' | Should -BeNullOrEmpty
        $files -like 'bin/bin/*' | Should -BeNullOrEmpty
    }
}

Describe 'Import-Module' {
    It 'exports exactly the cmdlets, and an alias' {
        $module = Get-Module ResizeLora
        $module.ExportedCmdlets.Keys | Sort-Object | Should -Be $cmdlets
        $module.ExportedAliases.Keys | Should -Be 'Resize-Lora'
        (Get-Alias Resize-Lora).ResolvedCommandName | Should -Be 'Invoke-LoraResize'
        $module.ExportedVariables.Count | Should -Be 0
    }

    It 'works <Case>' -TestCases @(
        @{ Case = 'twice'; Script = 'Import-Module $args[0]' }
        @{ Case = 'with -Force'; Script = 'Import-Module $args[0] -Force' }
        @{ Case = 'after Remove-Module'; Script = 'Remove-Module ResizeLora; Import-Module $args[0]' }
    ) {
        $shell = New-ModuleShell "
            `$layers = Get-LoraSpectrum style.safetensors
            $Script
            (Get-Module ResizeLora).ExportedCmdlets.Count
            (`$layers | New-ResizeRecipe 'spn_lora=1,thr=-0.5' | Invoke-LoraResize -Force).Name"
        try {
            $shell.AddArgument($manifest).Invoke() | Should -Be $cmdlets.Count, 'style_spnlora1_th-0.5.safetensors'
            $shell.Streams.Error | Should -BeNullOrEmpty
        }
        finally { Close-ModuleShell $shell }
    }

    It 'takes less than 150 ms of a processor in a new runspace' {
        $times = foreach ($i in 1..10) {
            $runspace = [runspacefactory]::CreateRunspace([initialsessionstate]::CreateDefault())
            $runspace.Open()
            $shell = [powershell]::Create($runspace).AddScript('
                param($manifest)
                $before = [Environment]::CpuUsage.TotalTime
                Import-Module $manifest -ErrorAction Stop
                ([Environment]::CpuUsage.TotalTime - $before).TotalMilliseconds').AddArgument($manifest)
            try { $shell.Invoke()[0] }
            finally { Close-ModuleShell $shell }
        }
        $median = ($times | Sort-Object)[5]
        Write-Host "Import-Module: median of 10 new runspaces $($median.ToString('0.0')) ms."
        $median | Should -BeLessThan 150
    }

    It 'does not load libtorch; the first decomposition does' {
        $script = Join-Path $PWD loaded.ps1
        Set-Content $script @'
            param($Manifest)
            function Get-Native { ([System.Diagnostics.Process]::GetCurrentProcess().Modules.ModuleName -match '^(lib)?torch_cpu\.').Count -gt 0 }
            Import-Module $Manifest -ErrorAction Stop
            $null = New-ResizeRecipe 'spn_lora=1,thr=-1'
            $null = Get-SpectralNormCache
            Get-Native
            $null = Get-LoraSpectrum style.safetensors
            Get-Native
'@
        & ([System.Environment]::ProcessPath) -NoProfile -NonInteractive -File $script $manifest | Should -Be 'False', 'True'
    }
}

Describe 'Runspaces' {
    It 'work at the same time' {
        $shells = foreach ($name in 'style', 'detail') { New-ModuleShell "Invoke-LoraResize $name.safetensors -Checkpoint base.safetensors -Destination runspaces" }
        try {
            $running = $shells | ForEach-Object { @{ Shell = $_; Handle = $_.BeginInvoke() } }
            $results = $running | ForEach-Object { $_.Shell.EndInvoke($_.Handle) }
            $results.Name | Should -Be 'style_spnckpt1_th-1.2.safetensors', 'detail_spnckpt1_th-1.2.safetensors'
            $shells | ForEach-Object { $_.Streams.Error } | Should -BeNullOrEmpty
        }
        finally { $shells | ForEach-Object { Close-ModuleShell $_ } }
    }

    It 'of ForEach-Object -Parallel work, with objects from outside' {
        $recipe = New-ResizeRecipe 'spn_lora=1,thr=-0.4'
        $results = Get-ChildItem style.safetensors, character.safetensors, detail.safetensors | ForEach-Object -ThrottleLimit 3 -Parallel {
            Import-Module $using:manifest
            Invoke-LoraResize -LiteralPath $_.FullName -Recipe $using:recipe -Destination $using:PWD/parallel
        }
        $results.Name | Sort-Object | Should -Be 'character_spnlora1_th-0.4.safetensors', 'detail_spnlora1_th-0.4.safetensors', 'style_spnlora1_th-0.4.safetensors'
    }
}
