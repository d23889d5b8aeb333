# How evaluate.ps1 writes its results in Markdown.

function Format-Number($Value, [string] $Format) { $null -eq $Value ? '' : [string]::Format([cultureinfo]::InvariantCulture, "{0:$Format}", $Value) }

# A line for each recipe; with several sizes, a column for each size instead.
function ConvertTo-Markdown([object[]] $Results) {
    "### $($Results[0].Name)"
    ''
    $label = { $_.Precision -eq 'Float8' ? "$($_.Rule), 8 bits" : $_.Rule }
    $sizes = @($Results.At | Select-Object -Unique)
    if ($Share) {
        $files = $Results | Where-Object At -eq 'everything' | ForEach-Object { "$(& $label) $(Format-Number ($_.Size / 1MB) '0.000') MiB, error $(Format-Number $_.RelativeError '0.0000')" }
        "$($files -join '; '). Below, the error, and that weighted by the base, at shares of the first size:"
        ''
        "| recipe | $($sizes[1..$sizes.Count] -join ' | ') |"
        '|---|' + '---|' * ($sizes.Count - 1)
        foreach ($rule in $Results | Where-Object At -ne 'everything' | Group-Object $label | Sort-Object { [Array]::IndexOf($Results, $_.Group[0]) }) {
            $cells = foreach ($at in $sizes[1..$sizes.Count]) {
                $result = $rule.Group | Where-Object At -eq $at
                "$(Format-Number ${result}?.RelativeError '0.0000') $(Format-Number ${result}?.BaseWeightedError '(0.0000)')".Trim()
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
                Format-Number $result.Size '0'
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
    foreach ($ratio in $Results | Where-Object Layers) {
        $other = @($ratio.Layers | Where-Object Reason)
        "At $($ratio.At), ``spn_lora`` and ``$($ratio.Recipe)`` keep the same rank in $($ratio.Layers.Count - $other.Count) of $($ratio.Layers.Count) layers."
        ''
        if ($other) {
            '| layer | spn_lora | sv_ratio | why |'
            '|---|---|---|---|'
            foreach ($layer in $other) { "| ``$($layer.Layer)`` | $($layer.SpnLora) | $($layer.SvRatio) | $($layer.Reason) |" }
            ''
        }
    }
}
