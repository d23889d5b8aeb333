namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>The standard commands that the shell brings along do what they do in an installed PowerShell.</summary>
public sealed class StandardCommandTests : IDisposable
{
    private readonly ModuleSession _session = new();

    public StandardCommandTests()
    {
        _session.RunOrThrow("""
            $null = New-Item -ItemType Directory -Path sub/deep
            'one', 'two' | Set-Content a.txt
            'x' | Set-Content sub/b.txt
            'y' | Set-Content sub/deep/c.log
            """);
    }

    public void Dispose() => _session.Dispose();

    [Theory]
    [InlineData("Get-ChildItem -Name", "sub a.txt")]
    [InlineData("Get-ChildItem *.txt -Name", "a.txt")]
    [InlineData("Get-ChildItem *.none -Name", "")]
    [InlineData("Get-ChildItem -File | ForEach-Object Name", "a.txt")]
    [InlineData("Get-ChildItem -Directory | ForEach-Object Name", "sub")]
    [InlineData("Get-ChildItem -Recurse -File -Filter *.txt | ForEach-Object Name | Sort-Object", "a.txt b.txt")]
    [InlineData("Get-ChildItem *.txt -Recurse | ForEach-Object Name | Sort-Object", "a.txt b.txt")]
    [InlineData("Get-ChildItem -LiteralPath sub -File | ForEach-Object { Split-Path $_.PSPath -Leaf }", "b.txt")]
    [InlineData("'sub', 'sub/deep' | Get-ChildItem -File -Name", "b.txt c.log")]
    [InlineData("Get-Item a.txt | Get-Content", "one two")]
    [InlineData("(Get-Item a.txt).Length -gt 0; Test-Path a.txt; Test-Path none; Test-Path sub -PathType Leaf; Test-Path sub -PathType Container", "True True False False True")]
    [InlineData("Copy-Item a.txt sub; Get-Content sub/a.txt", "one two")]
    [InlineData("Copy-Item sub other -Recurse; Test-Path other/deep/c.log", "True")]
    [InlineData("Remove-Item sub -Recurse -Force; Test-Path sub", "False")]
    [InlineData("Remove-Item a.txt -WhatIf; Test-Path a.txt", "True")]
    [InlineData("(Resolve-Path s*).Path -eq (Join-Path (Get-Location) sub)", "True")]
    [InlineData("Set-Location sub; Get-ChildItem -File -Name", "b.txt")]
    [InlineData("(Join-Path a b c) -eq [IO.Path]::Combine('a', 'b', 'c'); Split-Path a/b.txt -Leaf; Split-Path a/b.txt; Split-Path b.txt -Extension", "True b.txt a .txt")]
    public void Paths(string script, string expected) => Check(script, expected);

    [Theory]
    [InlineData("3, 1, 2 | Sort-Object", "1 2 3")]
    [InlineData("3, 1, 2, 3 | Sort-Object -Descending -Unique", "3 2 1")]
    [InlineData("'ccc', 'a', 'bb' | Sort-Object Length -Descending", "ccc bb a")]
    [InlineData("3, 1, 2 | Sort-Object { -$_ }", "3 2 1")]
    [InlineData("1..9 | Select-Object -First 2", "1 2")]
    [InlineData("1..9 | Select-Object -Last 2", "8 9")]
    [InlineData("1..9 | Select-Object -Skip 7", "8 9")]
    [InlineData("'abc' | Select-Object -ExpandProperty Length", "3")]
    [InlineData("'abc' | Select-Object Length, @{ Name = 'Twice'; Expression = { $_.Length * 2 } }, None | ForEach-Object { $_.psobject.Properties | ForEach-Object { \"$($_.Name)=$($_.Value)\" } }", "Length=3 Twice=6 None=")]
    [InlineData("1..4 | Measure-Object -Sum -Average -Minimum -Maximum | ForEach-Object { $_.Count, $_.Sum, $_.Average, $_.Minimum, $_.Maximum }", "4 10 2.5 1 4")]
    [InlineData("'a', 'bbb' | Measure-Object Length -Sum | ForEach-Object Sum", "4")]
    [InlineData("Write-Output 1 | ForEach-Object { $_ + 1 }; Write-Output a b", "2 a b")]
    public void Objects(string script, string expected) => Check(script, expected);

    [Fact]
    public void Tables_lists_and_strings()
    {
        const string Make = "[pscustomobject]@{ Name = 'a'; Size = 1 } | ";

        Assert.Equal("Name Size ---- ---- a 1", Words(_session.Run(Make + "Out-String").Only<string>()));
        Assert.Equal("Size ---- 1", Words(_session.Run(Make + "Format-Table Size | Out-String").Only<string>()));
        Assert.Equal("Name : a Size : 1", Words(_session.Run(Make + "Format-List | Out-String").Only<string>()));
        Assert.Contains("Name : a", _session.Run(Make + "Format-List | Out-String -Stream").OutputAs<string>());
    }

    [Fact]
    public void An_error_on_one_path_does_not_end_the_others()
    {
        RunResult result = _session.Run("Get-Item none, a.txt");

        Assert.Equal("PathNotFound,ResizeLora.Shell.Commands.GetItemCommand", Assert.Single(result.Errors).FullyQualifiedErrorId);
        Assert.Single(result.Output);
        Assert.False(result.IsTerminated);
    }

    [Fact]
    public void Streams()
    {
        RunResult result = _session.Run("Write-Warning w; Write-Verbose v -Verbose; Write-Host h; Write-Progress a s -PercentComplete 5; Write-Error e; throw 't'");

        Assert.Equal(["w"], result.Warnings);
        Assert.Equal(["v"], result.Verbose);
        Assert.Equal(["h"], result.Information);
        Assert.Equal(5, Assert.Single(result.Progress).PercentComplete);
        Assert.Equal(["e", "t"], result.Errors.Select(error => error.ToString()));
        Assert.True(result.IsTerminated);
    }

    private void Check(string script, string expected) =>
        Assert.Equal(expected, string.Join(' ', _session.RunOrThrow(script)));

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
