namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>Export-Csv prints a value by its ToString; lists must print what they hold, and stay lists.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly ViewBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Singular_values_are_readable_as_text() =>
        Assert.Matches(@"^\d[\d.E-]*( \d[\d.E-]*){7}$", _bench.Text("$layers[0].SingularValues.ToString()"));

    [Fact]
    public void Recipes_are_readable_as_text() =>
        Assert.Equal("spn_ckpt=1,thr=-1:params=1,size=2", _bench.Text("($layers[0] | New-ResizeRecipe 'spn_ckpt=1,thr=-1:params=1,size=2').Recipes.ToString()"));

    [Theory]
    [InlineData("$layers[0].SingularValues[0] -eq $layers[0].SpectralNorm")]
    [InlineData("$layers[0].SingularValues.Count -eq 8")]
    [InlineData("$layers[0].SingularValues[-1] -eq @($layers[0].SingularValues)[7]")]
    [InlineData("@($layers[0].SingularValues[0..2]).Count -eq 3")]
    [InlineData("@($layers[0].SingularValues | ForEach-Object { $_ }).Count -eq 8")]
    public void Singular_values_are_a_list(string condition) => Assert.Equal("True", _bench.Text($"\"$({condition})\""));

    /// <summary>ConvertTo-Json refuses others.</summary>
    [Fact]
    public void Weights_go_by_text() =>
        Assert.Equal("spn_ckpt 1", _bench.Text("$results[0].Recipe.Weights.GetEnumerator() | ForEach-Object { \"$($_.Key) $($_.Value)\" }"));
}
