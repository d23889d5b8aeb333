using System.Management.Automation;
using System.Xml.Linq;

namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>What a view shows can be selected by the name under which it is shown, and sorted by.</summary>
public sealed class ColumnTests : IDisposable
{
    private static readonly XDocument Views = XDocument.Load(Path.Combine(Path.GetDirectoryName(BuiltModule.Manifest)!, "ResizeLora.Format.ps1xml"));

    private readonly ViewBench _bench = new();

    public static TheoryData<string> Names => [.. Views.Descendants("View").Select(view => view.Element("Name")!.Value)];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_label_is_a_property(string name)
    {
        XElement view = Views.Descendants("View").Single(view => view.Element("Name")!.Value == name);
        string type = view.Descendants("TypeName").Single().Value;
        PSObject item = _bench.Samples.Single(sample => sample.BaseObject.GetType().FullName == type);

        string[] labels = LabelsOf(view);

        Assert.NotEmpty(labels);
        Assert.All(labels, label => Assert.NotNull(item.Properties[label]));
    }

    [Fact]
    public void A_size_in_words_is_a_number_behind() =>
        Assert.Equal("True", _bench.Text("\"$(($results | Select-Object Size, Saved, Error).Size -is [long])\""));

    [Theory]
    [InlineData("$results | Select-Object Saved, Error | ForEach-Object { $_.Saved -eq $results[0].SavedPercent -and $_.Error -eq $results[0].RelativeError }")]
    [InlineData("$layers[0] | Select-Object EffRank, SpecNorm, RelNorm | ForEach-Object { $_.EffRank -eq $layers[0].EffectiveRank -and $_.SpecNorm -eq $layers[0].SpectralNorm -and $_.RelNorm -eq $layers[0].RelativeSpectralNorm }")]
    [InlineData("($layers | Sort-Object SpecNorm)[0].Name -eq ($layers | Sort-Object SpectralNorm)[0].Name")]
    [InlineData("$layers[0].Spectrum.Length -eq 8")]
    [InlineData("$results[0].Directory -eq (Join-Path (Get-Location) 'out')")]
    public void Short_names_are_those_of_the_properties(string condition) => Assert.Equal("True", _bench.Text($"\"$({condition})\""));

    /// <summary>Twice the same would be a nuisance in Select-Object *, CSV and JSON.</summary>
    [Theory]
    [InlineData("$layers[0]")]
    [InlineData("$results[0]")]
    public void Short_names_are_not_exported(string item)
    {
        PSObject selected = _bench.Only($"{item} | Select-Object *");

        Assert.Equal(_bench.Only(item).BaseObject.GetType().GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal), selected.Properties.Select(property => property.Name).Order(StringComparer.Ordinal));
    }

    private static string[] LabelsOf(XElement view)
    {
        string[] labels = [.. view.Descendants("Label").Select(label => label.Value)];

        // Items of lists without a label have the name of their property.
        return [.. labels, .. view.Descendants("ListItem").Where(item => item.Element("Label") is null).Select(item => item.Element("PropertyName")!.Value)];
    }
}
