# Standard commands that an installed PowerShell has and the engine package lacks: those that need no more than a function.

function Join-Path {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)] [string[]] $Path,
        [Parameter(Mandatory, Position = 1)] [AllowEmptyString()] [string] $ChildPath,
        [Parameter(Position = 2, ValueFromRemainingArguments)] [string[]] $AdditionalChildPath
    )
    process {
        foreach ($parent in $Path) {
            $parent = $PSCmdlet.SessionState.Path.Combine($parent, $ChildPath)
            foreach ($child in $AdditionalChildPath) { $parent = $PSCmdlet.SessionState.Path.Combine($parent, $child) }
            $parent
        }
    }
}

function Split-Path {
    [CmdletBinding(DefaultParameterSetName = 'Parent')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)] [string[]] $Path,
        [Parameter(ParameterSetName = 'Parent')] [switch] $Parent,
        [Parameter(Mandatory, ParameterSetName = 'Leaf')] [switch] $Leaf,
        [Parameter(Mandatory, ParameterSetName = 'LeafBase')] [switch] $LeafBase,
        [Parameter(Mandatory, ParameterSetName = 'Extension')] [switch] $Extension
    )
    process {
        foreach ($one in $Path) {
            $name = $PSCmdlet.SessionState.Path.ParseChildName($one)
            switch ($PSCmdlet.ParameterSetName) {
                'Parent' { $PSCmdlet.SessionState.Path.ParseParent($one, '') }
                'Leaf' { $name }
                'LeafBase' { [System.IO.Path]::GetFileNameWithoutExtension($name) }
                'Extension' { [System.IO.Path]::GetExtension($name) }
            }
        }
    }
}

function Get-Location {
    [CmdletBinding()]
    param()
    $PSCmdlet.SessionState.Path.CurrentLocation
}

function Set-Location {
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Path', ValueFromPipeline)] [string] $Path,
        [Parameter(Mandatory, ParameterSetName = 'LiteralPath', ValueFromPipelineByPropertyName)] [Alias('PSPath', 'LP')] [string] $LiteralPath
    )
    process {
        $location = $LiteralPath ? [WildcardPattern]::Escape($LiteralPath) : $Path
        try { $null = $PSCmdlet.SessionState.Path.SetLocation($location) }
        catch { $PSCmdlet.WriteError($_.Exception.InnerException.ErrorRecord) }
    }
}

function Write-Output {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline, ValueFromRemainingArguments)] [AllowNull()] [AllowEmptyCollection()] [psobject] $InputObject,
        [switch] $NoEnumerate
    )
    process { $PSCmdlet.WriteObject($InputObject, -not $NoEnumerate) }
}

function Write-Host {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline, ValueFromRemainingArguments)] [Alias('Message')] [object] $Object,
        [switch] $NoNewline,
        [object] $Separator = ' ',
        [System.ConsoleColor] $ForegroundColor,
        [System.ConsoleColor] $BackgroundColor
    )
    process {
        $message = [System.Management.Automation.HostInformationMessage]@{
            Message   = @($Object) -join $Separator
            NoNewLine = $NoNewline
        }
        if ($PSBoundParameters.ContainsKey('ForegroundColor')) { $message.ForegroundColor = $ForegroundColor }
        if ($PSBoundParameters.ContainsKey('BackgroundColor')) { $message.BackgroundColor = $BackgroundColor }
        $PSCmdlet.WriteInformation($message, [string[]]'PSHOST')
    }
}

function Write-Information {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)] [AllowNull()] [object] $MessageData,
        [Parameter(Position = 1)] [string[]] $Tags
    )
    process { $PSCmdlet.WriteInformation($MessageData, $Tags) }
}

function Write-Verbose {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)] [AllowEmptyString()] [string] $Message)
    process { $PSCmdlet.WriteVerbose($Message) }
}

function Write-Debug {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)] [AllowEmptyString()] [string] $Message)
    process { $PSCmdlet.WriteDebug($Message) }
}

function Write-Warning {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)] [AllowEmptyString()] [string] $Message)
    process { $PSCmdlet.WriteWarning($Message) }
}

function Write-Error {
    [CmdletBinding(DefaultParameterSetName = 'Message')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Message', ValueFromPipeline)] [AllowEmptyString()] [string] $Message,
        [Parameter(Mandatory, ParameterSetName = 'Exception')] [System.Exception] $Exception,
        [Parameter(Mandatory, ParameterSetName = 'ErrorRecord')] [System.Management.Automation.ErrorRecord] $ErrorRecord,
        [System.Management.Automation.ErrorCategory] $Category = 'NotSpecified',
        [string] $ErrorId = 'Microsoft.PowerShell.Commands.WriteErrorException',
        [object] $TargetObject
    )
    process {
        if (-not $ErrorRecord) {
            if (-not $Exception) { $Exception = [System.Exception]::new($Message) }
            $ErrorRecord = [System.Management.Automation.ErrorRecord]::new($Exception, $ErrorId, $Category, $TargetObject)
        }
        $PSCmdlet.WriteError($ErrorRecord)
    }
}

function Write-Progress {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0)] [string] $Activity = 'Processing',
        [Parameter(Position = 1)] [string] $Status = 'Processing',
        [int] $Id = 0,
        [int] $PercentComplete = -1,
        [string] $CurrentOperation,
        [switch] $Completed
    )
    $record = [System.Management.Automation.ProgressRecord]::new($Id, $Activity, $Status)
    $record.PercentComplete = $PercentComplete
    $record.CurrentOperation = $CurrentOperation
    if ($Completed) { $record.RecordType = 'Completed' }
    $PSCmdlet.WriteProgress($record)
}

function Select-Object {
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipeline)] [psobject] $InputObject,
        [Parameter(Position = 0)] [object[]] $Property,
        [string] $ExpandProperty,
        [int] $First = [int]::MaxValue,
        [int] $Last = [int]::MaxValue,
        [int] $Skip = 0
    )
    begin { $items = [System.Collections.Generic.List[psobject]]::new() }
    process { if ($null -ne $InputObject) { $items.Add($InputObject) } }
    end {
        $start = [Math]::Min($Skip, $items.Count)
        $count = [Math]::Min($First, $items.Count - $start)
        if ($Last -lt $count) {
            $start += $count - $Last
            $count = $Last
        }
        foreach ($item in $items.GetRange($start, $count)) {
            if ($ExpandProperty) { $item.$ExpandProperty }
            elseif (-not $Property) { $item }
            else {
                $selected = [ordered]@{}
                foreach ($one in $Property) {
                    if ($one -is [System.Collections.IDictionary]) {
                        $name = $one['Name'] ?? $one['Label'] ?? $one['N'] ?? $one['L']
                        $expression = $one['Expression'] ?? $one['E']
                        $selected[$name] = if ($expression -is [scriptblock]) { ForEach-Object $expression -InputObject $item } else { $item.$expression }
                    }
                    elseif ($one -is [scriptblock]) { $selected["$one"] = ForEach-Object $one -InputObject $item }
                    else {
                        # A pattern does not mean properties that are hidden; their name does.
                        if ([WildcardPattern]::ContainsWildcardCharacters($one)) {
                            foreach ($member in $item.psobject.Properties.Match($one)) { $selected[$member.Name] = $member.Value }
                        }
                        else {
                            $member = $item.psobject.Properties[$one]
                            $selected[$member ? $member.Name : $one] = $member ? $member.Value : $null
                        }
                    }
                }
                [pscustomobject]$selected
            }
        }
    }
}

function Measure-Object {
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipeline)] [psobject] $InputObject,
        [Parameter(Position = 0)] [string] $Property,
        [switch] $Sum,
        [switch] $Average,
        [switch] $Minimum,
        [switch] $Maximum
    )
    begin { $values = [System.Collections.Generic.List[object]]::new() }
    process {
        if ($null -eq $InputObject) { return }
        $value = if ($Property) { $InputObject.$Property } else { $InputObject.psobject.BaseObject }
        if ($null -ne $value) { $values.Add($value) }
    }
    end {
        $total = 0.0
        if ($Sum -or $Average) { foreach ($value in $values) { $total += $value } }
        $sorted = if ($Minimum -or $Maximum) { @($values | Sort-Object) }
        [pscustomobject]@{
            Count    = $values.Count
            Average  = if ($Average -and $values.Count) { $total / $values.Count }
            Sum      = if ($Sum) { $total }
            Maximum  = if ($Maximum -and $values.Count) { $sorted[-1] }
            Minimum  = if ($Minimum -and $values.Count) { $sorted[0] }
            Property = $Property
        }
    }
}
