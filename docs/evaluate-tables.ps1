# How evaluate.ps1 writes its results in Markdown.

function Format-Number($Value, [string] $Format) { $null -eq $Value ? '' : [string]::Format([cultureinfo]::InvariantCulture, "{0:$Format}", $Value) }

# A line for each recipe; with several sizes, a column for each size instead.
function ConvertTo-Markdown([object[]] $Results) {
    "### $($Results[0].Name)"
    ''
    $most = ($Results | Measure-Object FileCount -Maximum).Maximum
    $label = { $_.Rule + ($_.Precision -eq 'Float8' ? ', 8 bits' : '') + ($_.FileCount -lt $most ? " ($($_.FileCount) of $most files)" : '') }
    $star = { param($result) $result.Limit -and $result.Size -gt $result.Limit ? ' \*' : '' }
    $sizes = @($Results.At | Select-Object -Unique)
    if ($Share) {
        $sizes = @($sizes | Select-Object -Skip 1)
        $files = $Results | Where-Object At -eq 'everything' | ForEach-Object { "$(& $label) $(Format-Number ($_.Size / 1MB) '0.000') MiB, error $(Format-Number $_.RelativeError '0.0000')" }
        "$($files -join '; '). Below, the error, and that weighted by the base, at shares of the first size:"
        ''
        "| recipe | $($sizes -join ' | ') |"
        '|---|' + '---|' * $sizes.Count
        foreach ($rule in $Results | Where-Object At -ne 'everything' | Group-Object $label | Sort-Object { [Array]::IndexOf($Results, $_.Group[0]) }) {
            $cells = foreach ($at in $sizes) {
                $result = $rule.Group | Where-Object At -eq $at
                $result ? "$(Format-Number $result.RelativeError '0.0000') $(Format-Number $result.BaseWeightedError '(0.0000)')".Trim() + (& $star $result) : ''
            }
            "| $($rule.Name) | $($cells -join ' | ') |"
        }
    }
    else {
        "Sizes are that of ``$($sizes[-1])``."
        ''
        '| recipe | threshold | bytes | layers | rank | error | weighted by the base | times the least | seconds |'
        '|---|---|---|---|---|---|---|---|---|'
        foreach ($result in $Results) {
            $cells = @(
                $result | ForEach-Object $label
                [double]::IsFinite($result.Threshold ?? [double]::NaN) ? (Format-Number $result.Threshold '0.0000') : ''
                (Format-Number $result.Size '0') + (& $star $result)
                $result.LayerCount
                $result.Rank
                Format-Number $result.RelativeError '0.0000'
                Format-Number $result.BaseWeightedError '0.0000'
                Format-Number $result.TimesLeast '0.000'
                Format-Number $result.Duration.TotalSeconds '0.00'
            )
            "| $($cells -join ' | ') |"
        }
    }
    ''
    if ($Results | Where-Object { $_.Limit -and $_.Size -gt $_.Limit }) { '\* larger than the size: this rule takes none.'; '' }
    foreach ($ratio in $Results | Where-Object Layers) {
        $other = @($ratio.Layers | Where-Object Reason)
        "At $($ratio.At), ``spn_lora`` and ``$($ratio.Recipe)`` keep the same rank in $($ratio.Layers.Count - $other.Count) of $($ratio.Layers.Count) layers."
        ''
        if ($other) {
            '| layer | spn_lora | sv_ratio | why |'
            '|---|---|---|---|'
            foreach ($alike in $other | Group-Object SpnLora, SvRatio, Reason) {
                $first = $alike.Group[0]
                "| ``$($first.Layer)``$($alike.Count -gt 1 ? " and $($alike.Count - 1) more" : '') | $($first.SpnLora) | $($first.SvRatio) | $($first.Reason) |"
            }
            ''
        }
    }
}
