<#
.SYNOPSIS
    Makes en-US/ResizeLora.dll-Help.xml, which Get-Help reads, from docs/en-US/*.md.
.DESCRIPTION
    Needs PowerShell 7.6 with the module Microsoft.PowerShell.PlatyPS 1.0.

    platyPS leaves all text of an example in its introduction, with markdown as it stands and a character U+0080 for each
    blank line; says that no parameter of the syntax takes pipeline input; counts positions anew; leaves out defaults; and
    links to files. This is mended here.

    A new parameter needs an entry in the markdown first. Update-MarkdownCommandHelp adds one; undo what else it changes:
    it writes the descriptions of -WhatIf and -Confirm twice. The tests say where cmdlets and help disagree.
.EXAMPLE
    ./docs/Update-Help.ps1
#>
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
$pages = Join-Path $PSScriptRoot 'en-US'
$target = Join-Path $root 'en-US/ResizeLora.dll-Help.xml'
Import-Module Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0

$mamlNamespace = 'http://schemas.microsoft.com/maml/2004/10'
$devNamespace = 'http://schemas.microsoft.com/maml/dev/2004/10'

# Emphasis, code and links mean nothing in a console; and Get-Help breaks a line that is too long within a word.
function ConvertTo-ConsoleText([string] $Text, [int] $Width = 71) {
    $Text = $Text -replace '\[([^\]]+)\]\([^)]*\)', '$1' -replace '`([^`]+)`', '$1' -replace '\*\*([^*]+)\*\*', '$1'
    $lines = @('')
    foreach ($word in $Text -split '\s+') {
        if ($lines[-1].Length + 1 + $word.Length -gt $Width) { $lines += $word }
        else { $lines[-1] = "$($lines[-1]) $word".TrimStart() }
    }
    $lines -join "`n"
}

# Markdown as blocks: paragraphs and list items, wrapped anew, and fenced blocks as they stand.
function Get-Block([string] $Markdown) {
    $lines = [System.Collections.Generic.List[string]]::new()
    $fence = $null
    $finish = { if ($lines.Count) { @{ Kind = 'Text'; Text = ConvertTo-ConsoleText ($lines -join ' ') }; $lines.Clear() } }
    foreach ($line in $Markdown -replace "`r", '' -split "`n") {
        if ($null -ne $fence) {
            if ($line -ne '```') { $lines.Add($line); continue }
            @{ Kind = $fence; Text = $lines -join "`n" }
            $lines.Clear()
            $fence = $null
        }
        elseif ($line -match '^```(\w*)$') { & $finish; $fence = $Matches[1] }
        elseif ($line.Trim() -eq '') { & $finish }
        else {
            if ($line -match '^- ') { & $finish }
            $lines.Add($line.Trim())
        }
    }
    & $finish
}

function Add-Element([System.Xml.XmlElement] $Parent, [string] $Name, [string] $Text) {
    $namespace = $Name.StartsWith('maml:') ? $mamlNamespace : $devNamespace
    $element = $Parent.OwnerDocument.CreateElement($Name, $namespace)
    $element.InnerText = $Text
    $null = $Parent.AppendChild($element)
}

function Get-ParagraphText([System.Xml.XmlElement] $Parent) {
    # Joined by blank lines, except where platyPS has put U+0080 for one.
    $text = ($Parent.ChildNodes | ForEach-Object InnerText) -join "`n`n"
    $text -replace "\n\n$([char]0x80)\n\n", "`n`n"
}

function Set-Paragraph([System.Xml.XmlElement] $Parent, [object[]] $Block) {
    $Parent.RemoveAll()
    foreach ($one in $Block) { Add-Element $Parent 'maml:para' $one.Text }
}

# Get-Help cuts the blanks off the beginning of a paragraph: without them, lines must still stand below each other.
function ConvertTo-Output([string] $Text) {
    $lines = $Text -split "`n"
    $margin = ($lines | Where-Object { $_.Trim() } | ForEach-Object { $_.Length - $_.TrimStart().Length } | Measure-Object -Minimum).Minimum
    $lines = @($lines | ForEach-Object { $_.Substring([Math]::Min($margin, $_.Length)) })
    if ($lines[0].StartsWith(' ') -and $lines.Count -gt 1 -and $lines[1].Trim()) { throw "Get-Help would shift the first line of this output: $Text" }
    $lines[0] = $lines[0].TrimStart()
    $lines -join "`n"
}

# The text is taken from the page: platyPS cuts the blanks off the beginning of whatever follows a blank line.
function Repair-Example([System.Xml.XmlElement] $Example, [string] $Markdown, $Namespaces) {
    $introduction = $Example.SelectSingleNode('maml:introduction', $Namespaces)
    $blocks = @(Get-Block $Markdown)
    foreach ($block in $blocks) { if ($block.Kind -eq 'Output') { $block.Text = ConvertTo-Output $block.Text } }
    $first = [Array]::FindIndex([object[]]$blocks, [Predicate[object]] { $args[0].Kind -eq 'powershell' })
    if ($first -lt 0) { throw "No powershell block: $($Example.OuterXml)" }

    # The console writes the code right after the introduction, and the next example right after the remarks.
    $blank = @{ Text = '' }
    $blocks[$first - 1].Text += "`n`n"
    Set-Paragraph $introduction $blocks[0..($first - 1)]
    $Example.SelectSingleNode('dev:code', $Namespaces).InnerText = $blocks[$first].Text
    Set-Paragraph $Example.SelectSingleNode('dev:remarks', $Namespaces) (@($blocks | Select-Object -Skip ($first + 1)) + $blank)
}

function Repair-Maml([xml] $Maml, [object[]] $Help) {
    $names = [System.Xml.XmlNamespaceManager]::new($Maml.NameTable)
    $names.AddNamespace('maml', $mamlNamespace)
    $names.AddNamespace('dev', $devNamespace)
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')

    foreach ($command in $Maml.SelectNodes('//command:command', $names)) {
        $page = $Help | Where-Object Title -eq $command.SelectSingleNode('command:details/command:name', $names).InnerText
        $examples = @($command.SelectNodes('.//command:example', $names))
        for ($i = 0; $i -lt $examples.Count; $i++) { Repair-Example $examples[$i] $page.Examples[$i].Remarks $names }
        foreach ($text in $command.SelectNodes('.//maml:description[maml:para] | .//maml:alert[maml:para]', $names)) {
            Set-Paragraph $text @(Get-Block (Get-ParagraphText $text))
        }

        $defaults = $page.Parameters
        foreach ($parameter in $command.SelectNodes('command:parameters/command:parameter', $names)) {
            $name = $parameter.SelectSingleNode('maml:name', $names).InnerText
            $type = $parameter.SelectSingleNode('dev:type/maml:name', $names)
            $type.InnerText = $type.InnerText -replace '^System\.Nullable`1\[(.+)\]$', '$1'
            foreach ($value in $parameter.SelectNodes('command:parameterValue', $names)) { $value.InnerText = $type.InnerText -replace '^.*\.' }
            $parameter.SetAttribute('position', $parameter.GetAttribute('position').ToLowerInvariant())
            $default = ($defaults | Where-Object Name -eq $name).DefaultValue
            if ($default) { Add-Element $parameter 'dev:defaultValue' $default }
            foreach ($inSyntax in $command.SelectNodes("command:syntax//command:parameter[maml:name='$name']", $names)) {
                foreach ($attribute in 'pipelineInput', 'globbing', 'position') { $inSyntax.SetAttribute($attribute, $parameter.GetAttribute($attribute)) }
                $inSyntax.SelectSingleNode('dev:type/maml:name', $names).InnerText = $type.InnerText
            }
        }

        foreach ($link in @($command.SelectNodes('.//maml:navigationLink', $names))) {
            $address = $link.SelectSingleNode('maml:uri', $names)
            if ($link.SelectSingleNode('maml:linkText', $names).InnerText -eq 'Online Version' -and -not $address.InnerText) { $null = $link.ParentNode.RemoveChild($link) }
            elseif ($address.InnerText -notmatch '^https:') { $address.InnerText = '' }
        }
    }
}

$files = Get-ChildItem (Join-Path $pages '*.md')
$temporary = Join-Path ([System.IO.Path]::GetTempPath()) "ResizeLora-help-$PID"
try {
    $help = foreach ($file in $files) { Import-MarkdownCommandHelp $file.FullName }
    $maml = [xml]::new()
    $maml.PreserveWhitespace = $false
    $maml.Load((Export-MamlCommandHelp -CommandHelp $help -OutputFolder $temporary -Force | Select-Object -First 1).FullName)
}
finally { Remove-Item $temporary -Recurse -ErrorAction Ignore }

Repair-Maml $maml $help
$null = New-Item -ItemType Directory -Path (Split-Path $target) -Force
$settings = [System.Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; Encoding = [System.Text.UTF8Encoding]::new($false) }
$writer = [System.Xml.XmlWriter]::Create($target, $settings)
try { $maml.Save($writer) } finally { $writer.Dispose() }
Add-Content $target ''
$left = @($files | Select-String '\{\{')
if ($left) { Write-Warning "To be filled in: $($left -join '; ')" }
Write-Host "Made $target"
