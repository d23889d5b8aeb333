BeforeDiscovery {
    $root = (Resolve-Path (Join-Path $PSScriptRoot '../..')).Path
    $commands = (Import-PowerShellDataFile (Join-Path $root ResizeLora.psd1)).CmdletsToExport
    $topics = (Get-ChildItem (Join-Path $root en-US) -Filter about_*.help.txt).Name -replace '\.help\.txt$'

    # Each example of each page as it stands, and what the page shows that it prints.
    $examples = foreach ($page in Get-ChildItem (Join-Path $root docs/en-US) -Filter *.md) {
        foreach ($match in [regex]::Matches(((Get-Content $page -Raw) -replace "`r"), '(?ms)^### Example (?<title>[^\n]+)\n.*?^```powershell\n(?<code>.*?)\n```$(\n\n```Output\n(?<output>.*?)\n```$)?')) {
            @{ Command = $page.BaseName; Title = $match.Groups['title'].Value; Code = $match.Groups['code'].Value; Output = $match.Groups['output'].Value }
        }
    }
}

Describe 'Get-Help' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        Enter-Sample
        $pages = Join-Path $PSScriptRoot '../../docs/en-US'
    }

    AfterAll { Exit-Sample }

    Context '<_>' -ForEach $commands {
        BeforeAll {
            $command = $_
            $help = Get-Help $command -Full
        }

        It 'shows what the cmdlet is for' {
            $help.Synopsis | Should -Not -BeNullOrEmpty
            $help.Synopsis | Should -Not -Match "^\s*$command " -Because 'that is what is shown without help'
            ($help.Description.Text -join ' ') | Should -Not -BeNullOrEmpty
        }

        It 'describes each parameter' {
            $own = (Get-Command $command).Parameters.Keys | Where-Object { $_ -notin [System.Management.Automation.Cmdlet]::CommonParameters }
            $described = @($help.Parameters.Parameter | Where-Object { $_ })
            $described.Name | Sort-Object | Should -Be ($own | Sort-Object)
            foreach ($parameter in $described) { ($parameter.Description.Text -join ' ').Trim() | Should -Not -BeNullOrEmpty -Because "-$($parameter.Name) needs a description" }
        }

        It 'shows the examples of the page' {
            $shown = Get-Help $command -Examples | Out-String -Width 200
            $page = Get-Content (Join-Path $pages "$command.md") -Raw
            $titles = [regex]::Matches($page, '(?m)^### (Example \d+: [^\r\n]+)').ForEach({ $_.Groups[1].Value })
            $titles.Count | Should -BeGreaterOrEqual 3
            foreach ($title in $titles) { $shown | Should -BeLike "*$title*" }
            $shown | Should -Not -Match '```|\x80|\{\{'
        }
    }

    It 'shows <_>' -ForEach $topics {
        Get-Help $_ | Out-String | Should -BeLike "TOPIC*$_*SHORT DESCRIPTION*SEE ALSO*"
    }
}

Describe 'Example' {
    BeforeEach {
        . $PSScriptRoot/Common.ps1
        Enter-Sample
    }

    AfterEach { Exit-Sample }

    It 'of <Command> runs: <Title>' -ForEach $examples {
        $global:Error.Clear()
        $records, $printed = @(& ([scriptblock]::Create($Code)) 2>&1 3>&1).Where({ $_ -is [System.Management.Automation.ErrorRecord] -or $_ -is [System.Management.Automation.WarningRecord] }, 'Split')

        # One of the LoRAs of the sample can't be made smaller, which is said.
        $records | Where-Object { "$_" -notlike '* not get smaller*' } | Should -BeNullOrEmpty
        $global:Error | Should -BeNullOrEmpty

        # What the host and the other streams print is not here; tests of the engine compare that too.
        # Where a line is wrapped depends on the path of the folder.
        if ($Output) {
            $text = [System.Management.Automation.Internal.StringDecorated]::new(($printed | Out-String -Width 75)).ToString('PlainText')
            ($text -replace '\s').Replace(($PWD.ProviderPath -replace '\s'), '/lora').Replace('\', '/') | Should -BeExactly (($Output -replace '(?m)^(What if|WARNING):.*') -replace '\s')
        }
    }
}
