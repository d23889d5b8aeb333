<#
.SYNOPSIS
    Shows what the module does, on a small sample that is made in a temporary folder. Takes a few seconds.
.EXAMPLE
    ./docs/quickstart.ps1
#>
$ErrorActionPreference = 'Stop'
if (-not (Get-Module ResizeLora)) { Import-Module (Join-Path $PSScriptRoot '../ResizeLora.psd1') }
. (Join-Path $PSScriptRoot 'quickstart-sample.ps1')

$folder = Join-Path ([System.IO.Path]::GetTempPath()) "ResizeLora-quickstart-$PID"
$null = New-Item -ItemType Directory -Path $folder -Force
$before = @{ Location = Get-Location; Cache = $env:RESIZELORA_CACHE }

$steps = @(
    @{
        Why     = 'A sample: a small SDXL checkpoint and three LoRAs for it.'
        Command = { New-ResizeSample $folder; Get-ChildItem *.safetensors | Format-Table Name, Length }
    }
    @{
        Why     = 'What is in a LoRA: the singular values of each layer, beside the size of the layer that it modifies.'
        Command = { Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors }
    }
    @{
        Why     = 'All LoRAs of a folder at once. Kept is what is at least 10^-1.2 (6 %) of the spectral norm of its base layer.'
        Command = { Get-ChildItem *.safetensors | Invoke-LoraResize -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' }
    }
    @{
        Why     = 'Decomposed once and kept in a variable, a LoRA takes as many recipes as one likes.'
        Command = { $layers = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors }
    }
    @{
        Why     = 'Two of them: a threshold, and a file of at most 0.05 MiB.'
        Command = { $layers | New-ResizeRecipe 'spn_ckpt=1,thr=-1.0' | New-ResizeRecipe 'spn_lora=1,size=0.05' | Invoke-LoraResize -Destination out }
    }
)

try {
    Set-Location -LiteralPath $folder
    $env:RESIZELORA_CACHE = Join-Path $folder 'cache'
    foreach ($step in $steps) {
        Write-Host ''
        Write-Host "# $($step.Why)" -ForegroundColor Green
        Write-Host "$($step.Command)".Trim() -ForegroundColor Cyan
        . $step.Command | Out-Host
    }
    Write-Host "The files are in $folder"
}
finally {
    $env:RESIZELORA_CACHE = $before.Cache
    Set-Location $before.Location
}
