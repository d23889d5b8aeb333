# What the test files share. Each of them dot-sources it in BeforeAll.

. (Join-Path $PSScriptRoot '../../docs/quickstart-sample.ps1')

# The manifest to test: what build.ps1 names, else the module as it is published, else the one of the checkout.
function Find-TestModule {
    if ($env:RESIZELORA_MODULE) { return $env:RESIZELORA_MODULE }
    $root = (Resolve-Path (Join-Path $PSScriptRoot '../..')).Path
    $checkout = Join-Path $root 'ResizeLora.psd1'
    $published = Join-Path $root "output/ResizeLora/$((Import-PowerShellDataFile $checkout).ModuleVersion)/ResizeLora.psd1"
    (Test-Path $published) ? $published : $checkout
}

# Goes to an empty folder with a checkpoint, base.safetensors, and three LoRAs: style, character and detail.
function Enter-Sample {
    $folder = Join-Path $TestDrive ([System.IO.Path]::GetRandomFileName())
    $null = New-Item -ItemType Directory -Path $folder
    New-ResizeSample $folder
    Push-Location -LiteralPath $folder
    $script:cacheBefore = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $folder 'cache'
    Import-Module (Find-TestModule)
}

function Exit-Sample {
    $env:RESIZELORA_CACHE = $script:cacheBefore
    Pop-Location
}

# A runspace of its own with the module, as a PowerShell object to which a script is added; -Close when done.
function New-ModuleShell([string] $Script) {
    $runspace = [runspacefactory]::CreateRunspace([initialsessionstate]::CreateDefault())
    $runspace.Open()
    $shell = [powershell]::Create($runspace)
    $null = $shell.AddScript('param($manifest, $folder) Import-Module $manifest -ErrorAction Stop; Set-Location -LiteralPath $folder').AddArgument((Find-TestModule)).AddArgument($PWD.ProviderPath).Invoke()
    $shell.Commands.Clear()
    $shell.AddScript($Script)
}

function Close-ModuleShell([powershell] $Shell) {
    $Shell.Runspace.Dispose()
    $Shell.Dispose()
}

function Get-Hash([string] $Path) { (Get-FileHash -LiteralPath $Path).Hash }

# The header of a safetensors file, as a dictionary.
function Get-SafetensorsHeader([string] $Path) {
    $bytes = [System.IO.File]::ReadAllBytes((Resolve-Path -LiteralPath $Path).ProviderPath)
    [System.Text.Encoding]::UTF8.GetString($bytes, 8, [BitConverter]::ToInt64($bytes, 0)) | ConvertFrom-Json -AsHashtable
}
