<#
.SYNOPSIS
    Compares recipes on LoRAs of your own, at the same file size: what each of them loses.
.DESCRIPTION
    Resizes each LoRA by every kind of recipe to one size and reports the errors of the files that come out. The size is the
    one that spn_ckpt=1,thr=-1.2 gives; without a checkpoint, the one that spn_lora=1,thr=-0.7 gives, and recipes that need a
    checkpoint are left out. With -Share, the sizes are shares of the file with all singular values in half precision.

    Each result is an object: RelativeError is the error of the weight change, BaseWeightedError the same with each layer
    measured by its base layer (see Invoke-LoraResize), and TimesLeast is RelativeError divided by that of minimize=error at
    the same size. Duration is the time that Invoke-LoraResize takes by itself, once the norms of the checkpoint are known.
    At is what the size comes from. Of several files, rows with the name (all)
    come last: mean errors, and sums of all else.

    The row of sv_ratio has Layers: for each layer, the ranks that spn_lora and sv_ratio keep, with
    sv_ratio = 10^-threshold, and if they differ, the reason.

    It is error that is measured, not pictures. Everything is written to a temporary folder, the norms of the checkpoint
    included, and removed at the end.
.PARAMETER Path
    LoRA files, adapter folders of PEFT, or folders with LoRA files. Wildcards are allowed.
.PARAMETER LiteralPath
    The same without wildcards.
.PARAMETER Checkpoint
    The base model.
.PARAMETER Threshold
    The threshold of the recipe that gives the size, if it is not to be -1.2, or -0.7 without a checkpoint.
.PARAMETER Share
    The sizes to compare at, as shares of the file with all singular values in half precision, such as 0.25, 0.5.
.PARAMETER Markdown
    Returns tables in Markdown instead of objects.
.EXAMPLE
    ./docs/evaluate.ps1 loras -Checkpoint base.safetensors | Format-Table Name, Rule, Size, RelativeError, BaseWeightedError
.EXAMPLE
    ./docs/evaluate.ps1 style.safetensors -Share 0.1, 0.25, 0.5, 0.75 -Markdown > style.md
.EXAMPLE
    (./docs/evaluate.ps1 style.safetensors).Layers | Where-Object Reason
#>
[CmdletBinding(DefaultParameterSetName = 'Path')]
[OutputType([pscustomobject], [string])]
param(
    [Parameter(Mandatory, Position = 0, ValueFromPipeline, ParameterSetName = 'Path')] [string[]] $Path,
    [Parameter(Mandatory, ValueFromPipelineByPropertyName, ParameterSetName = 'LiteralPath')] [Alias('PSPath')] [string[]] $LiteralPath,
    [string[]] $Checkpoint,
    [double] $Threshold = $Checkpoint ? -1.2 : -0.7,
    [ValidateRange(0.001, 1)] [double[]] $Share,
    [switch] $Markdown
)
begin {
    $ErrorActionPreference = 'Stop'
    Set-StrictMode -Version Latest
    if (-not (Get-Module ResizeLora)) { Import-Module (Join-Path $PSScriptRoot '../ResizeLora.psd1') }
    . (Join-Path $PSScriptRoot evaluate-tables.ps1)
    $base = $Checkpoint ? @{ Checkpoint = $Checkpoint } : @{}
    $items = [System.Collections.Generic.List[System.IO.FileSystemInfo]]::new()

    # What is compared at one size.
    $rules = 'minimize=error', 'minimize=error_ckpt', 'spn_ckpt=1', 'spn_lora=1', 'fro_ckpt=1', 'fro_lora=1', 'subspace=1'
    if (-not $Checkpoint) {
        $needy, $rules = $rules.Where({ $_ -match 'ckpt|subspace' }, 'Split')
        Write-Warning "Without -Checkpoint, these recipes are left out: $($needy -join ', ')."
    }

    function Get-Lora([System.IO.FileSystemInfo] $Item) {
        $isFolder = $Item -is [System.IO.DirectoryInfo] -and -not (Test-Path -LiteralPath (Join-Path $Item adapter_config.json))
        if (-not $isFolder) { return $Item.FullName }

        $bases = @($Checkpoint | Where-Object { $_ } | Resolve-Path | ForEach-Object ProviderPath)
        (Get-ChildItem -LiteralPath $Item -Filter *.safetensors -File).FullName | Where-Object { $_ -and $_ -notin $bases }
    }

    # One output, measured and removed; nothing but a warning if it can't be made.
    function Measure-Recipe([string] $Lora, [string] $At, [string] $Rule, [string] $Recipe = $Rule, [string] $Precision = 'Float16') {
        $result = Invoke-LoraResize -LiteralPath $Lora @base -Recipe $Recipe -Precision $Precision -Destination $folder -IncludeResized `
            -WarningAction Ignore -ErrorAction SilentlyContinue -ErrorVariable problem
        if (-not $result) {
            Write-Warning "$Rule ($Precision) is left out: $problem"
            return
        }
        $ranks = @{}
        if ($Rule -in 'spn_lora=1', 'sv_ratio') { Get-LoraSpectrum -LiteralPath $result.Path -WarningAction Ignore | ForEach-Object { $ranks[$_.Name] = $_.Rank } }
        Remove-Item -LiteralPath $result.Path -Recurse
        [pscustomobject]@{
            Name = Split-Path $Lora -Leaf; At = $At; Limit = $null; Rule = $Rule; Precision = $Precision; Recipe = $Recipe
            Size = $result.Size; LayerCount = $result.LayerCount; Rank = $result.Rank; Threshold = $result.Threshold
            RelativeError = $result.RelativeError; BaseWeightedError = $result.BaseWeightedError; TimesLeast = $null
            Duration = $result.Duration; FileCount = 1; Ranks = $ranks; Layers = @()
        }
    }

    # The largest rank that fits if all layers have the same: guessed by what a rank costs, then tried.
    function Measure-UniformRank([string] $Lora, [string] $At, $Layers, [long] $Limit, $Whole) {
        $most = ($Layers | Measure-Object Rank -Maximum).Maximum
        $costs = foreach ($rank in 1..$most) { ($Layers | ForEach-Object { [Math]::Min($rank, $_.SingularValues.Count) * ($_.Rows + $_.Columns) } | Measure-Object -Sum).Sum }
        $rank = [Math]::Max(1, @($costs -le $costs[-1] * $Limit / $Whole.Size).Count)
        $result = $null
        while ($rank -in 1..$most) {
            $next = Measure-Recipe $Lora $At 'one rank for all' "rank=$rank"
            $fits = $next.Size -le $Limit
            if ($fits) { $result = $next; $rank++ } else { $rank-- }
            if ($result -and -not $fits) { break }
        }
        if (-not $result) { Write-Warning "$(Split-Path $Lora -Leaf): not even rank 1 in every layer fits into $Limit bytes." }
        $result
    }

    # Why spn_lora and sv_ratio, which both look at σ over the largest σ, keep different ranks in a layer.
    function Get-DifferenceReason($Layer, [int] $SpnLora, [int] $SvRatio, [double] $Threshold) {
        if ($SpnLora -eq $SvRatio) { return }
        if ($SvRatio -eq 1 -and $Layer.SpectralNorm * $Layer.Rank -le 1e-6 * [Math]::Abs($Layer.Alpha)) { return 'a layer of zeros, which sv_ratio does not remove' }

        # What only one of them keeps is as strong as the threshold, up to rounding.
        $edge = $Layer.SpectralNorm * [Math]::Pow(10, $Threshold)
        $only = $Layer.SingularValues[[Math]::Min($SpnLora, $SvRatio)..([Math]::Max($SpnLora, $SvRatio) - 1)]
        if ($only | Where-Object { [Math]::Abs($_ - $edge) -gt 1e-9 * $edge }) { return 'unexplained' }
        $SpnLora -gt $SvRatio ? 'on the edge: spn_lora keeps what is at the threshold, sv_ratio only what is above' :
            'on the edge: spn_lora had no room for more values of this score'
    }

    # All recipes at one size. The reference, if there is one, has it already.
    function Measure-Size([string] $Lora, [string] $At, $Layers, $Whole, [long] $Limit, $Reference) {
        $size = "size=$(Format-Number ($Limit / 1MB) R)"
        $results = @(
            foreach ($rule in $rules | Where-Object { $_ -ne ${Reference}?.Rule }) { Measure-Recipe $Lora $At $rule "$rule,$size" }
            $Reference
            Measure-UniformRank $Lora $At $Layers $Limit $Whole
            Measure-Recipe $Lora $At 'minimize=error' "minimize=error,$size" Float8
        ) | Where-Object { $_ }
        if ($spnLora = $results | Where-Object Rule -eq 'spn_lora=1') {
            # Where everything fits there is no threshold, and the ratio must let everything pass.
            $ratio = [Math]::Min([Math]::Pow(10, -$spnLora.Threshold), 1e300)
            if ($svRatio = Measure-Recipe $Lora $At 'sv_ratio' "sv_ratio=$(Format-Number $ratio R)") {
                $svRatio.Layers = @(
                    foreach ($layer in $Layers) {
                        $ranks = [int]$spnLora.Ranks[$layer.Name], [int]$svRatio.Ranks[$layer.Name]
                        [pscustomobject]@{ Name = $svRatio.Name; At = $At; Layer = $layer.Name; SpnLora = $ranks[0]; SvRatio = $ranks[1]; Reason = Get-DifferenceReason $layer @ranks $spnLora.Threshold }
                    }
                )
                $results += $svRatio
            }
        }
        $least = $results | Where-Object { $_.Rule -eq 'minimize=error' -and $_.Precision -eq 'Float16' -and $_.RelativeError -gt 0 }
        foreach ($result in $results) {
            $result.Limit = $Limit
            if ($least) { $result.TimesLeast = $result.RelativeError / $least.RelativeError }
        }
        $results
    }

    function Measure-Lora([string] $Lora) {
        # The norms of the checkpoint come with it, so that no recipe's time has them.
        $layers = @(Get-LoraSpectrum -LiteralPath $Lora @base -WarningAction Ignore -ErrorAction Continue)
        if (-not $layers) { return }

        $everything = "rank=$(($layers | Measure-Object Rank -Maximum).Maximum)"
        $whole = Measure-Recipe $Lora 'everything' 'everything' $everything
        if (-not $whole) { return }
        $whole
        Measure-Recipe $Lora 'everything' 'everything' $everything Float8
        if ($Share) {
            foreach ($part in $Share) { Measure-Size $Lora "$(Format-Number (100 * $part) '0.###') %" $layers $whole ([Math]::Floor($part * $whole.Size)) }
            return
        }
        $rule = $Checkpoint ? 'spn_ckpt=1' : 'spn_lora=1'
        $recipe = "$rule,thr=$(Format-Number $Threshold R)"
        $reference = Measure-Recipe $Lora $recipe $rule $recipe
        if ($reference) { Measure-Size $Lora $reference.At $layers $whole $reference.Size $reference }
    }

    # Over the files for which a recipe has a result, as many as FileCount says.
    function Measure-All([object[]] $Results) {
        foreach ($group in $Results | Group-Object At, Rule, Precision | Sort-Object { [Array]::IndexOf($Results, $_.Group[0]) }) {
            $sum, $mean = @{}, @{}
            foreach ($name in 'Limit', 'Size', 'LayerCount', 'Rank', 'RelativeError', 'BaseWeightedError', 'TimesLeast') {
                $values = $group.Group | ForEach-Object $name | Where-Object { $null -ne $_ } | Measure-Object -Sum
                $sum[$name] = $values.Sum
                $mean[$name] = $values.Count ? $values.Sum / $values.Count : $null
            }
            $first = $group.Group[0]
            [pscustomobject]@{
                Name = '(all)'; At = $first.At; Limit = $sum.Limit; Rule = $first.Rule; Precision = $first.Precision; Recipe = $null
                Size = $sum.Size; LayerCount = $sum.LayerCount; Rank = $sum.Rank; Threshold = $null
                RelativeError = $mean.RelativeError; BaseWeightedError = $mean.BaseWeightedError; TimesLeast = $mean.TimesLeast
                Duration = [timespan]::FromSeconds(($group.Group | ForEach-Object { $_.Duration.TotalSeconds } | Measure-Object -Sum).Sum); FileCount = $group.Count; Layers = @()
            }
        }
    }
}
process { $items.AddRange([System.IO.FileSystemInfo[]]@($LiteralPath ? (Get-Item -LiteralPath $LiteralPath -ErrorAction Continue) : (Get-Item -Path $Path -ErrorAction Continue))) }
end {
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) "ResizeLora-evaluate-$([System.IO.Path]::GetRandomFileName())"
    $cache = $env:RESIZELORA_CACHE
    try {
        $null = New-Item -ItemType Directory -Path $folder
        $env:RESIZELORA_CACHE = Join-Path $folder cache
        $loras = @($items | ForEach-Object { Get-Lora $_ })
        $results = @()
        foreach ($lora in $loras) {
            Write-Progress 'Comparing recipes' $lora -PercentComplete (100 * [Array]::IndexOf($loras, $lora) / $loras.Count)
            if ($ofFile = @(Measure-Lora $lora | Select-Object * -ExcludeProperty Ranks)) {
                $Markdown ? (ConvertTo-Markdown $ofFile) : $ofFile
                $results += $ofFile
            }
        }
        if (@($results.Name | Select-Object -Unique).Count -gt 1) {
            $all = @(Measure-All $results)
            $Markdown ? (ConvertTo-Markdown $all) : $all
        }
    }
    finally {
        Write-Progress 'Comparing recipes' -Completed
        $env:RESIZELORA_CACHE = $cache
        Remove-Item -LiteralPath $folder -Recurse -ErrorAction Ignore
    }
}
