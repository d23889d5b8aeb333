<#
.SYNOPSIS
    Runs the 72 golden cases and the quickstart with two builds, and compares what they write byte for byte.
.DESCRIPTION
    Each golden case runs from the file and from its layers, in each precision; errors are compared by their ids. The version of
    the module, which every output names, does not count. Prints what differs, and exits with 1 if anything does.

    Both checkouts must have been built. Runs in PowerShell and in ResizeLora.Shell; takes about a minute.
.EXAMPLE
    pwsh tests/Compare-Builds.ps1 ../before .
.EXAMPLE
    dotnet run --project src/ResizeLora.Shell -c Release -- tests/Compare-Builds.ps1 ../before .
#>
param(
    # The root of the checkout that has the expected outputs.
    [Parameter(Mandatory, Position = 0)] [string] $Before,
    # The root of the checkout that is compared with it.
    [Parameter(Mandatory, Position = 1)] [string] $After,
    [string] $Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'

# Runs in a process with the module of the build.
$golden = @'
param($data, $out)
$ErrorActionPreference = 'Stop'
$checkpoint = [System.IO.Path]::Combine($data, 'checkpoint.safetensors')
$number = 0
foreach ($case in [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText([System.IO.Path]::Combine($data, 'cases.json'))).RootElement.EnumerateArray()) {
    $number++
    $lora = [System.IO.Path]::Combine($data, $case.GetProperty('lora').GetString() + '.safetensors')
    $recipe = $case.GetProperty('recipe').GetString()
    foreach ($precision in 'Float16', 'BFloat16', 'Float32') {
        foreach ($source in 'file', 'layers') {
            $folder = [System.IO.Path]::Combine($out, "golden-$number-$precision-$source")
            $null = [System.IO.Directory]::CreateDirectory($folder)
            $options = @{ Destination = $folder; Precision = $precision; ErrorAction = 'SilentlyContinue'; ErrorVariable = 'problems' }
            $problems = @()
            $results = @(
                if ($source -eq 'file') { Invoke-LoraResize -LiteralPath $lora -Checkpoint $checkpoint -Recipe $recipe @options }
                else { Get-LoraSpectrum -LiteralPath $lora -Checkpoint $checkpoint | New-ResizeRecipe $recipe | Invoke-LoraResize @options }
            )
            $lines = @("$recipe of $lora in ${precision}: $($results.Count) written") + @($problems | ForEach-Object { $_.FullyQualifiedErrorId })
            [System.IO.File]::WriteAllLines([System.IO.Path]::Combine($folder, 'errors.txt'), [string[]]$lines)
        }
    }
}
'@

function Invoke-Build([string] $Root, [string] $Out) {
    $shell = [System.IO.Path]::Combine($Root, "src/ResizeLora.Shell/bin/$Configuration/net10.0/ResizeLora.Shell.dll")
    if (-not [System.IO.File]::Exists($shell)) { throw "'$shell' does not exist. Build the checkout first: dotnet build ResizeLora.sln -c $Configuration" }
    $null = [System.IO.Directory]::CreateDirectory("$Out/quickstart")
    $script = "$Out.ps1"
    [System.IO.File]::WriteAllText($script, $golden)
    $settings = @{ RESIZELORA_CACHE = "$Out.cache"; RESIZELORA_MODULE = $null; TMPDIR = "$Out/quickstart"; TMP = "$Out/quickstart"; TEMP = "$Out/quickstart" }
    $former = @{}
    foreach ($name in $settings.Keys) {
        $former[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $settings[$name])
    }
    try {
        foreach ($arguments in @($script, $data, $Out), @($quickstart)) {
            $printed = dotnet exec $shell @arguments
            if ($LASTEXITCODE -ne 0) { throw "$shell $arguments ended with exit code ${LASTEXITCODE}: $($printed -join "`n")" }
        }
    }
    finally { foreach ($name in $settings.Keys) { [Environment]::SetEnvironmentVariable($name, $former[$name]) } }
}

# The files of a folder by their names, but for the number of the process that the quickstart's folder has.
function Get-Output([string] $Folder) {
    $files = [System.Collections.Generic.SortedDictionary[string, string]]::new([StringComparer]::Ordinal)
    foreach ($path in [System.IO.Directory]::GetFiles($Folder, '*', 'AllDirectories')) {
        $name = [System.IO.Path]::GetRelativePath($Folder, $path).Replace('\', '/') -replace 'ResizeLora-quickstart-\d+', 'sample'
        if ($name -notmatch '/cache/') { $files[$name] = $path }
    }
    $files
}

# What a file holds, as hashes: of its header with another version, and of all that follows.
function Get-Fingerprint([string] $Path) {
    $bytes = [System.IO.File]::ReadAllBytes($Path)
    $header = if ($Path.EndsWith('.safetensors')) { 8 + [BitConverter]::ToInt64($bytes, 0) } else { 0 }
    $text = [System.Text.Encoding]::UTF8.GetString($bytes, 0, $header).TrimEnd(' ')
    if ($header) { $text = $text.Substring($text.IndexOf('{')) -replace '(\\"version\\":\s*\\")[^"\\]*', '$1' }
    "$text`n$([Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData([System.IO.MemoryStream]::new($bytes, [int]$header, [int]($bytes.Length - $header)))))"
}

$Before = [System.IO.Path]::GetFullPath($Before, (Get-Location).Path)
$After = [System.IO.Path]::GetFullPath($After, (Get-Location).Path)
$data = [System.IO.Path]::Combine($PSScriptRoot, 'TestData/golden')
# The same for both: its sample must be, too.
$quickstart = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '../docs/quickstart.ps1'))
$folder = [System.IO.Directory]::CreateTempSubdirectory('ResizeLora-compare-').FullName
$differences = 0
try {
    Invoke-Build $Before "$folder/before"
    Invoke-Build $After "$folder/after"
    $expected = Get-Output "$folder/before"
    $actual = Get-Output "$folder/after"
    foreach ($name in [System.Linq.Enumerable]::Union([string[]]$expected.Keys, [string[]]$actual.Keys)) {
        $difference =
            if (-not $actual.ContainsKey($name)) { 'is no longer written' }
            elseif (-not $expected.ContainsKey($name)) { 'was not written before' }
            elseif ((Get-Fingerprint $expected[$name]) -cne (Get-Fingerprint $actual[$name])) { 'differs' }
        if ($difference) { $differences++; Write-Host "$name $difference" }
    }
    Write-Host "$($expected.Count) files before, $($actual.Count) after, $differences differences"
    if ($expected.Count -eq 0) { throw 'Nothing was written.' }
}
finally {
    if ($differences) { Write-Host "The files are in $folder" } else { [System.IO.Directory]::Delete($folder, $true) }
}
exit [int]($differences -ne 0)
