# Makes a package for a gallery: a zip file with the module, a .nuspec that describes it, and the two lists of parts and
# their types that the Open Packaging Conventions ask for. .NET calls only, since ResizeLora.Shell has few commands.

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
    <releaseNotes>$(ConvertTo-XmlText $Manifest.ReleaseNotes)</releaseNotes>
    <copyright>$(ConvertTo-XmlText $Manifest.Copyright)</copyright>
    <tags>$(ConvertTo-XmlText ($tags -join ' '))</tags>
  </metadata>
</package>
"@
}

function Get-RelationshipText([string] $NuspecName) {
    @"
<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/$NuspecName" Id="R1" />
</Relationships>
"@
}

# Types go by extension; files without one are named.
function Get-ContentTypeText([string[]] $Name) {
    $types = foreach ($extension in $Name | ForEach-Object { [System.IO.Path]::GetExtension($_).TrimStart('.') } | Where-Object { $_ -and $_ -ne 'rels' } | Sort-Object -Unique) {
        "  <Default Extension=""$extension"" ContentType=""application/octet-stream"" />"
    }
    $types += foreach ($file in $Name | Where-Object { -not [System.IO.Path]::HasExtension($_) }) {
        "  <Override PartName=""/$file"" ContentType=""application/octet-stream"" />"
    }
    @"
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
$($types -join "`n")
</Types>
"@
}

function Add-ZipEntry([System.IO.Compression.ZipArchive] $Zip, [string] $Name, [System.IO.Stream] $Content) {
    $entry = $Zip.CreateEntry($Name)
    # No date of the build: the same module makes the same package.
    $entry.LastWriteTime = [System.DateTimeOffset]::new(2000, 1, 1, 0, 0, 0, [timespan]::Zero)
    $target = $entry.Open()
    try { $Content.CopyTo($target) }
    finally { $target.Dispose(); $Content.Dispose() }
}

# Packs the folder of a manifest, and gives back the path of the package.
function New-GalleryPackage([string] $ManifestPath, [string] $Destination) {
    $manifest = Test-ModuleManifest $ManifestPath
    $folder = [System.IO.Path]::GetDirectoryName($ManifestPath)
    $nuspec = "$($manifest.Name).nuspec"
    $package = Join-Path $Destination "$($manifest.Name).$($manifest.Version).$(Get-NativePlatform $folder).nupkg"
    $names = [string[]][System.IO.Directory]::GetFiles($folder, '*', 'AllDirectories').ForEach({ [System.IO.Path]::GetRelativePath($folder, $_).Replace('\', '/') })
    [Array]::Sort($names, [StringComparer]::Ordinal)

    if (Test-Path $package) { Remove-Item $package }
    $zip = [System.IO.Compression.ZipFile]::Open($package, 'Create')
    try {
        $described = [ordered]@{
            '_rels/.rels'         = Get-RelationshipText $nuspec
            $nuspec               = Get-NuspecText $manifest
            '[Content_Types].xml' = Get-ContentTypeText ($names + $nuspec)
        }
        foreach ($part in $described.GetEnumerator()) { Add-ZipEntry $zip $part.Key ([System.IO.MemoryStream]::new([System.Text.Encoding]::UTF8.GetBytes($part.Value))) }
        foreach ($name in $names) { Add-ZipEntry $zip $name ([System.IO.File]::OpenRead((Join-Path $folder $name))) }
    }
    finally { $zip.Dispose() }
    $package
}
