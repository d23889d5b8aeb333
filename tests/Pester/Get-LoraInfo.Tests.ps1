BeforeDiscovery {
    # Root may read everything, unless it gives that up.
    $isRoot = -not $IsWindows -and [Environment]::IsPrivilegedProcess
    $hasRights = $IsWindows -or ($isRoot -and -not (Get-Command setpriv -CommandType Application -ErrorAction Ignore))
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
}

AfterAll { Exit-Sample }

Describe 'Get-LoraInfo' {
    It 'tells what a file is' {
        $info = Get-LoraInfo style.safetensors
        $info | Should -BeOfType ([ResizeLora.LoraInfo])
        $info.Type, $info.Style, $info.LayerCount, $info.MaximumRank | Should -Be 'LoRA', 'kohya', 10, 24
        ($info.Layers | Measure-Object Count -Sum).Sum | Should -Be 10
    }

    It 'takes <_>' -ForEach 'st*.safetensors', 'style.safetensors' { Get-LoraInfo $_ | ForEach-Object Name | Should -Be 'style.safetensors' }

    It 'takes files from the pipeline' {
        Get-ChildItem d*.safetensors, s*.safetensors | Get-LoraInfo | ForEach-Object Name | Should -Be 'detail.safetensors', 'style.safetensors'
    }

    It 'tells how a result was made' {
        $info = Invoke-LoraResize detail.safetensors -Recipe 'spn_lora=1,thr=-0.3' | Get-LoraInfo
        $info.IsResized | Should -BeTrue
        $info.ResizedFrom, $info.ResizeRecipe | Should -Be 'detail.safetensors', 'spn_lora=1,thr=-0.3'
    }

    It 'shows a list' {
        (Get-LoraInfo style.safetensors | Out-String) | Should -Match 'Rank +: 24'
    }

    It 'has an error of its own for each file that is no LoRA' {
        'not a model' | Set-Content text.safetensors
        $info = Get-LoraInfo base.safetensors, text.safetensors, style.safetensors -ErrorVariable problems -ErrorAction SilentlyContinue
        $info.Name | Should -Be 'style.safetensors'
        $problems | ForEach-Object { "$($_.FullyQualifiedErrorId.Split(',')[0])" } | Should -Be 'NoLoraLayers', 'InvalidSafetensors'
        $problems[0] | Should -BeLike "*base.safetensors' is a checkpoint*not a LoRA*"
    }

    It 'tells a folder that must not be read from a file that does not exist' -Skip:$hasRights {
        $closed = (New-Item -ItemType Directory closed).FullName
        Copy-Item style.safetensors closed
        $script = "Import-Module '$(Find-TestModule)'; " + @'
            foreach ($path in 'closed/style.safetensors', 'closed/*.safetensors', 'closed/none/*', 'none/style.safetensors', 'none/*') { try { Get-LoraInfo $path -ErrorAction Stop } catch { "$($_.FullyQualifiedErrorId.Split(',')[0])" } }
            foreach ($path in 'closed', 'closed/*.safetensors') { try { Get-LoraSpectrum style.safetensors -Checkpoint $path -ErrorAction Stop } catch { "$($_.FullyQualifiedErrorId.Split(',')[0])" } }
'@
        $shell = @([System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName, '-NoProfile', '-Command', $script)
        if ([Environment]::IsPrivilegedProcess) { $shell = @('setpriv', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all') + $shell }
        [System.IO.File]::SetUnixFileMode($closed, 'None')
        try {
            & $shell[0] $shell[1..($shell.Length - 1)] | Should -Be 'AccessDenied', 'AccessDenied', 'AccessDenied', 'FileNotFound', 'FileNotFound', 'AccessDenied', 'AccessDenied'
        }
        finally { [System.IO.File]::SetUnixFileMode($closed, 'UserRead, UserWrite, UserExecute') }
    }

    It 'loads no libtorch' {
        $script = "Import-Module '$((Get-Module ResizeLora).Path -replace '[^/\\]+$')../ResizeLora.psd1'; `$null = Get-LoraInfo style.safetensors; [AppDomain]::CurrentDomain.GetAssemblies().GetName().Name -match 'Torch'"
        & ([System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName) -NoProfile -Command $script | Should -BeNullOrEmpty
    }
}
