<#
.SYNOPSIS
    Runs the Pester tests against a module, and exits with 1 if not all of them pass.
.EXAMPLE
    ./tests/Pester/Invoke-Tests.ps1 output/ResizeLora/0.1.0/ResizeLora.psd1
#>
param([Parameter(Mandatory, Position = 0)] [string] $Manifest)
$ErrorActionPreference = 'Stop'
$env:RESIZELORA_MODULE = (Resolve-Path -LiteralPath $Manifest).Path
Import-Module Pester -MinimumVersion 5.5
$run = Invoke-Pester -Path $PSScriptRoot -PassThru
exit [int]($run.Result -ne 'Passed' -or $run.PassedCount -eq 0)
