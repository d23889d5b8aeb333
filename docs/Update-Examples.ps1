<#
.SYNOPSIS
    Runs the examples of docs/en-US/*.md and README.md, and brings the output that these show up to date.
.DESCRIPTION
    Needs the .NET SDK. The tests that run the examples do it: what follows an example as an Output block is replaced by what
    the example prints on a console of 76 columns. In a normal run the same tests compare the two.

    Run docs/Update-Help.ps1 afterwards, so that Get-Help shows the same.
.EXAMPLE
    ./docs/Update-Examples.ps1
#>
$ErrorActionPreference = 'Stop'
$env:RESIZELORA_UPDATE_EXAMPLES = '1'
try {
    dotnet test (Join-Path $PSScriptRoot '../tests/ResizeLora.Cmdlet.Tests') -c Release --filter FullyQualifiedName~ExampleTests
    if ($LASTEXITCODE -ne 0) { throw 'Some examples failed; their output is as it was.' }
}
finally { $env:RESIZELORA_UPDATE_EXAMPLES = $null }
