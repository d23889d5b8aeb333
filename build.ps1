<#
.SYNOPSIS
    Builds, tests and packages the module. Runs in PowerShell and in ResizeLora.Shell.
.EXAMPLE
    ./build.ps1 Test
.EXAMPLE
    dotnet run --project src/ResizeLora.Shell -c Release -- build.ps1 Package
#>
[CmdletBinding()]
param(
    # Package leaves the module, as it is published, in output/ResizeLora/<version>.
    [Parameter(Position = 0)] [ValidateSet('Clean', 'Build', 'Test', 'Package')] [string] $Task = 'Build',
    [ValidateSet('Release', 'Debug')] [string] $Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'
$solution = Join-Path $PSScriptRoot 'ResizeLora.sln'
$output = Join-Path $PSScriptRoot 'output'

function Invoke-DotNet {
    Write-Host "dotnet $args" -ForegroundColor Cyan
    & dotnet @args | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args[0]) failed with exit code $LASTEXITCODE." }
}

function Clear-Build {
    $folders = @(Join-Path $PSScriptRoot 'bin') + $output
    foreach ($group in 'src', 'tests') {
        foreach ($project in Get-ChildItem (Join-Path $PSScriptRoot $group) -Directory) {
            $folders += (Join-Path $project.FullName 'bin'), (Join-Path $project.FullName 'obj')
        }
    }
    $folders | Where-Object { Test-Path $_ } | ForEach-Object { Remove-Item $_ -Recurse -Force }
}

function Build-Module { Invoke-DotNet build $solution -c $Configuration }

function Test-Module {
    Invoke-DotNet test $solution -c $Configuration --no-build
    $tests = Join-Path $PSScriptRoot 'tests/Pester'
    if (-not (Test-Path $tests)) { Write-Host 'There are no Pester tests.' }
    elseif (-not (Get-Module Pester -ListAvailable)) { Write-Host 'Pester is not installed: its tests are left out.' }
    else {
        $result = Invoke-Pester -Path $tests -PassThru
        if ($result.FailedCount -gt 0) { throw "$($result.FailedCount) Pester tests failed." }
    }
}

function Export-Package {
    $manifest = Join-Path $PSScriptRoot 'ResizeLora.psd1'
    $version = [regex]::Match((Get-Content $manifest -Raw), "ModuleVersion\s*=\s*'([^']+)'").Groups[1].Value
    $package = Join-Path $output "ResizeLora/$version"
    if (Test-Path $package) { Remove-Item $package -Recurse -Force }
    $null = New-Item -ItemType Directory -Path $package -Force
    foreach ($name in 'ResizeLora.psd1', 'ResizeLora.Format.ps1xml', 'LICENSE', 'README.md', 'bin', 'en-US') {
        $source = Join-Path $PSScriptRoot $name
        if (Test-Path $source) { Copy-Item $source $package -Recurse }
    }
    Get-ChildItem $package -Recurse -File -Filter *.pdb | Remove-Item
    Write-Host "The module is in $package"
}

switch ($Task) {
    'Clean' { Clear-Build }
    'Build' { Build-Module }
    'Test' { Build-Module; Test-Module }
    'Package' { Build-Module; Export-Package }
}
