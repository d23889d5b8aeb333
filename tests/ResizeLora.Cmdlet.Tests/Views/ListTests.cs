namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>Lists tell everything; properties that are added later must be added to the views too.</summary>
public sealed class ListTests : IDisposable
{
    private readonly ViewBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("$layers[0]", typeof(DecomposedLayer))]
    [InlineData("$results[0]", typeof(ResizeResult))]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,thr=-1'", typeof(ResizeRecipe))]
    [InlineData("Get-SpectralNormCache", typeof(NormCacheEntry))]
    public void Every_property_is_there(string script, Type type)
    {
        string[] labels = Labels(script);

        Assert.Empty(type.GetProperties().Where(property => !property.GetMethod!.IsStatic).Select(property => property.Name).Except(labels));
    }

    [Fact]
    public void Layers_show_their_first_singular_values_spectrum_and_recipes()
    {
        string[] lines = _bench.Print("$layers[0] | New-ResizeRecipe 'spn_ckpt=1,thr=-1:params=1,size=2' | Format-List", 120);

        Assert.Contains(lines, line => line.StartsWith("SingularValues", StringComparison.Ordinal) && line.EndsWith(" ... (8)", StringComparison.Ordinal));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^Spectrum +: █[▁-█]{7}$"));
        Assert.Contains(lines, line => line.StartsWith("Recipes", StringComparison.Ordinal) && line.EndsWith(" spn_ckpt=1,thr=-1", StringComparison.Ordinal));
        Assert.Contains("                       params=1,size=2", lines);
    }

    [Fact]
    public void Recipes_show_their_weights_as_they_count() =>
        Assert.Contains(_bench.Print("New-ResizeRecipe 'spn_lora=3,fro_lora=1,size=2' | Format-List", 120), line => line.EndsWith(": spn_lora = 0.75, fro_lora = 0.25", StringComparison.Ordinal));

    [Fact]
    public void After_other_objects_lists_are_short()
    {
        string[] lines = _bench.Print("& { [pscustomobject]@{ a = 1; b = 2; c = 3; d = 4; e = 5 }; Get-LoraInfo style.safetensors; $results[0] }", 100);

        Assert.Equal(["Name", "Type", "Style", "FamilyGuess", "Size", "LayerCount", "Layers", "Rank", "Alpha", "DType", "IsResized", "Path", "Name", "Recipe", "Rank", "Size", "SavedPercent", "RelativeError", "Directory", "IsWritten"],
            lines.SkipWhile(line => !line.StartsWith("Name ", StringComparison.Ordinal)).Where(line => line.Contains(" : ", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void Infos_make_a_table_that_fits_100_columns()
    {
        string[] lines = _bench.Print("Get-LoraInfo style.safetensors | Format-Table", 100);

        Assert.Contains(lines, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["Type", "FamilyGuess", "LayerCount", "Ranks", "Size", "IsResized", "Name"]);
        Assert.Contains(lines, line => line.EndsWith("style.safetensors", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
    }

    private string[] Labels(string script) =>
    [
        .. _bench.Print($"{script} | Format-List", 200).Where(line => line.Contains(" : ", StringComparison.Ordinal) || line.EndsWith(" :", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]),
    ];
}
