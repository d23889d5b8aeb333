<#
.SYNOPSIS
    Builds, tests and packages the module. Runs in PowerShell and in ResizeLora.Shell.
.EXAMPLE
    ./build.ps1 Test
.EXAMPLE
    ./build.ps1 Package -Runtime win-x64 -Backend cuda
.EXAMPLE
    dotnet run --project src/ResizeLora.Shell -c Release -- build.ps1 Package
#>
[CmdletBinding()]
param(
    # Module leaves the module, as it is published, in output/ResizeLora/<version>; Test tests it there;
    # Package also makes a package for a gallery of it.
    [Parameter(Position = 0)] [ValidateSet('Clean', 'Build', 'Module', 'Test', 'Package')] [string] $Task = 'Build',
    [ValidateSet('Release', 'Debug')] [string] $Configuration = 'Release',
    # The system that the module is for; by default this one.
    [ValidateSet('linux-x64', 'win-x64', 'osx-arm64')] [string] $Runtime,
    [ValidateSet('cpu', 'cuda')] [string] $Backend = 'cpu'
)
$ErrorActionPreference = 'Stop'
$solution = Join-Path $PSScriptRoot 'ResizeLora.sln'
$output = Join-Path $PSScriptRoot 'output'
. (Join-Path $PSScriptRoot 'build/ResizeLora.Package/GalleryPackage.ps1')

function Invoke-Tool([string] $Name) {
    Write-Host "$Name $args" -ForegroundColor Cyan
    & $Name @args | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "$Name $args ended with exit code $LASTEXITCODE." }
}

function Clear-Build {
    $folders = @(Join-Path $PSScriptRoot 'bin') + $output
    foreach ($group in 'src', 'build', 'tests') {
        foreach ($project in Get-ChildItem (Join-Path $PSScriptRoot $group) -Directory) {
            $folders += (Join-Path $project.FullName 'bin'), (Join-Path $project.FullName 'obj')
        }
    }
    $folders | Where-Object { Test-Path $_ } | ForEach-Object { Remove-Item $_ -Recurse -Force }
}

function Build-Module {
    $properties = @("-p:TorchBackend=$Backend") + ($Runtime ? "-p:TorchRuntime=$Runtime" : @())
    Invoke-Tool dotnet build $solution -c $Configuration @properties
}

# Copies what is published, and gives back the path of the manifest there.
function Export-Module {
    $version = (Test-ModuleManifest (Join-Path $PSScriptRoot 'ResizeLora.psd1')).Version
    $module = Join-Path $output "ResizeLora/$version"
    if (Test-Path $module) { Remove-Item $module -Recurse -Force }
    $null = New-Item -ItemType Directory -Path $module -Force
    $names = 'ResizeLora.psd1', 'ResizeLora.Format.ps1xml', 'ResizeLora.Types.ps1xml', 'README.md', 'CHANGELOG.md', 'LICENSE', 'bin', 'en-US'
    foreach ($name in $names) { Copy-Item (Join-Path $PSScriptRoot $name) $module -Recurse }

    # Where they are in the checkout, so that links lead from one to another in both.
    $docs = Join-Path $module docs
    $null = New-Item -ItemType Directory -Path $docs
    foreach ($name in (Get-ChildItem (Join-Path $PSScriptRoot docs) -Filter *.md).FullName + (Get-ChildItem (Join-Path $PSScriptRoot docs) -Filter quickstart*.ps1).FullName + (Join-Path $PSScriptRoot docs/licenses)) { Copy-Item $name $docs -Recurse }
    Get-ChildItem $module -Recurse -File -Filter *.pdb | Remove-Item
    Write-Host "The module is in $module"
    Join-Path $module 'ResizeLora.psd1'
}

function Test-Module([string] $Manifest) {
    Invoke-Tool dotnet test $solution -c $Configuration --no-build

    # In a process of its own, also because this one may be ResizeLora.Shell, in which Pester does not run.
    $probe = '$PSVersionTable.PSVersion -ge "7.6" -and (Get-Module Pester -ListAvailable | Where-Object Version -ge "5.5")'
    if (-not (Get-Command pwsh -CommandType Application -ErrorAction Ignore)) { Write-Host 'PowerShell is not installed: the Pester tests are left out.' -ForegroundColor Yellow }
    elseif ((pwsh -NoProfile -NonInteractive -Command $probe) -ne 'True') { Write-Host 'PowerShell 7.6 or Pester 5.5 is not installed: the Pester tests are left out.' -ForegroundColor Yellow }
    else { Invoke-Tool pwsh -NoProfile -NonInteractive -File (Join-Path $PSScriptRoot 'tests/Pester/Invoke-Tests.ps1') $Manifest }
}

switch ($Task) {
    'Clean' { Clear-Build }
    'Build' { Build-Module }
    'Module' { Build-Module; $null = Export-Module }
    'Test' { Build-Module; Test-Module (Export-Module) }
    'Package' { Build-Module; Write-Host "The package is $(New-GalleryPackage (Export-Module) $output)" }
}
