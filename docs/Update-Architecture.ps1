<#
.SYNOPSIS
    Brings what docs/architecture.md and the README.md of each folder say of the folders' uses up to date with the code.
.DESCRIPTION
    Needs the .NET SDK. The test that compares the documents with the compiled assembly writes them: the list and the picture of
    the folders, and the line in each README.md that says which others it uses. In a normal run the same test compares the two.
.EXAMPLE
    ./docs/Update-Architecture.ps1
#>
$ErrorActionPreference = 'Stop'
$env:RESIZELORA_UPDATE_ARCHITECTURE = '1'
try {
    dotnet test (Join-Path $PSScriptRoot '../tests/ResizeLora.Core.Tests') -c Release --filter FullyQualifiedName~FolderDocumentTests
    if ($LASTEXITCODE -ne 0) { throw 'Some documents could not be brought up to date.' }
}
finally { $env:RESIZELORA_UPDATE_ARCHITECTURE = $null }
