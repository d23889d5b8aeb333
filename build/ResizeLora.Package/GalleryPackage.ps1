# Makes a package for a gallery: `dotnet pack` of a module's folder, with a .nuspec that is written from the manifest.

# The system and backend that the native files in a module are for, such as linux-x64 or win-x64-cuda.
function Get-NativePlatform([string] $Module) {
    $natives = Get-Content (Join-Path $Module 'bin/torch/natives.txt') | ForEach-Object { $_.Split(' ', 2)[1] }
    $runtime = switch ($natives) {
        'libLibTorchSharp.so' { 'linux-x64' }
        'LibTorchSharp.dll' { 'win-x64' }
        'libLibTorchSharp.dylib' { 'osx-arm64' }
    }
    $natives -like '*torch_cuda*' ? "$runtime-cuda" : $runtime
}

function ConvertTo-XmlText([string] $Text) { [System.Security.SecurityElement]::Escape($Text) }

function Get-NuspecText([System.Management.Automation.PSModuleInfo] $Manifest) {
    # What a gallery looks for when it is asked for modules, or for commands by name.
    $commands = foreach ($name in $Manifest.ExportedCmdlets.Keys) { "PSCmdlet_$name"; "PSCommand_$name" }
    $tags = @($Manifest.Tags) + 'PSModule', 'PSIncludes_Cmdlet' + $commands
    @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>$($Manifest.Name)</id>
    <version>$($Manifest.Version)</version>
    <authors>$(ConvertTo-XmlText $Manifest.Author)</authors>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <license type="expression">MIT</license>
    <licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>
    <projectUrl>$(ConvertTo-XmlText $Manifest.ProjectUri)</projectUrl>
    <description>$(ConvertTo-XmlText $Manifest.Description)</description>
    <readme>README.md</readme>
    <releaseNotes>$(ConvertTo-XmlText $Manifest.ReleaseNotes)</releaseNotes>
    <copyright>$(ConvertTo-XmlText $Manifest.Copyright)</copyright>
    <tags>$(ConvertTo-XmlText ($tags -join ' '))</tags>
  </metadata>
</package>
"@
}

# Packs the folder of a manifest, and gives back the path of the package.
function New-GalleryPackage([string] $ManifestPath, [string] $Destination) {
    $manifest = Test-ModuleManifest $ManifestPath
    $folder = [System.IO.Path]::GetDirectoryName($ManifestPath)
    $nuspec = Join-Path $Destination "$($manifest.Name).nuspec"
    [System.IO.File]::WriteAllText($nuspec, (Get-NuspecText $manifest))
    try { Invoke-Tool dotnet pack (Join-Path $PSScriptRoot 'ResizeLora.Package.csproj') -nologo -o $Destination "-p:NuspecFile=$nuspec" "-p:NuspecBasePath=$folder" }
    finally { Remove-Item $nuspec }

    # One for each system: they share a name and a version.
    $package = Join-Path $Destination "$($manifest.Name).$($manifest.Version).$(Get-NativePlatform $folder).nupkg"
    [System.IO.File]::Move((Join-Path $Destination "$($manifest.Name).$($manifest.Version).nupkg"), $package, $true)
    $package
}
