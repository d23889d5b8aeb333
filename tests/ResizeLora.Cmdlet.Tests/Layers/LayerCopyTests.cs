using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Layers;

/// <summary>
/// What Select-Object, serialisation and the like leave of a layer is rebuilt from its file, or refused with the reason; it
/// never passes for its file.
/// </summary>
public sealed class LayerCopyTests : IDisposable
{
    private const string Recipe = "spn_ckpt=1,thr=-1.1";

    /// <summary>What a background job or Export-Clixml does to objects.</summary>
    private const string Serialized = "ForEach-Object { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($_, 1)) }";

    /// <summary>What ConvertFrom-Json -AsHashtable makes of ConvertTo-Json's text.</summary>
    private const string AsHashtable = "ForEach-Object { $h = @{}; foreach ($p in $_.psobject.Properties) { $h[$p.Name] = if ($p.Name -eq 'Recipes') { ,@($p.Value | ForEach-Object { $r = @{}; foreach ($q in $_.psobject.Properties) { $r[$q.Name] = $q.Value }; $r }) } elseif ($p.Name -in 'SingularValues', 'Checkpoint') { ,@($p.Value) } else { $p.Value } }; $h }";

    private const string Copied = "Select-Object *";

    private readonly Bench _bench = new();

    public LayerCopyTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
        _bench.RunClean($"""
            $global:layers = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors | Where-Object Component -ne TextEncoder2
            $global:attached = $layers | New-ResizeRecipe '{Recipe}:spn_lora=1,size=0.006'
            $attached | Invoke-LoraResize -Destination expected
            """);
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData($"$attached | {Copied} | Invoke-LoraResize -Destination out")]
    [InlineData($"$attached | {Serialized} | Invoke-LoraResize -Destination out")]
    [InlineData($"$attached | {Copied} | {Serialized} | Invoke-LoraResize -Destination out")]
    [InlineData($"Invoke-LoraResize -InputObject ($attached | {Copied}) -Destination out")]
    [InlineData($"$layers | {Copied} | New-ResizeRecipe '{Recipe}:spn_lora=1,size=0.006' | Invoke-LoraResize -Destination out")]
    [InlineData($"$layers | {Serialized} | New-ResizeRecipe '{Recipe}' | {Serialized} | New-ResizeRecipe 'spn_lora=1,size=0.006' | Invoke-LoraResize -Destination out")]
    [InlineData($"$attached | {Serialized} | Get-LoraSpectrum -Checkpoint base.safetensors | Invoke-LoraResize -Destination out")]
    [InlineData($"$attached | {AsHashtable} | Invoke-LoraResize -Destination out")]
    [InlineData($"$layers | {AsHashtable} | New-ResizeRecipe '{Recipe}:spn_lora=1,size=0.006' | Invoke-LoraResize -Destination out")]
    [InlineData($"Invoke-LoraResize -InputObject @($attached | {AsHashtable}) -Destination out")]
    [InlineData("$attached | Select-Object Name, Path, Digest, Recipes, Checkpoint | Invoke-LoraResize -Destination out")]
    [InlineData($"@($attached | Select-Object -First 1) + @($attached | Select-Object -Skip 1 | {Copied}) | Invoke-LoraResize -Destination out")]
    [InlineData("$layers | Select-Object Name, Path | Invoke-LoraResize -Destination out -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.1:spn_lora=1,size=0.006'")]
    public void Copies_give_the_same_bytes_as_layers(string script)
    {
        Assert.Equal(2, _bench.RunClean(script).Output.Count);

        Assert.Equal(_bench.Names("expected"), _bench.Names("out"));
        Assert.All(_bench.Names("expected"), name => Assert.Equal(Bench.Hash(_bench.PathOf($"expected/{name}")), Bench.Hash(_bench.PathOf($"out/{name}"))));
    }

    [Fact]
    public void Texts_will_do_as_CSV_has_them()
    {
        // What Export-Csv makes of an object: its properties as text.
        Assert.Equal(2, _bench.RunClean("""
            $attached | ForEach-Object {
                $row = [ordered]@{}
                foreach ($property in $_.psobject.Properties) { $row[$property.Name] = "$(if ($null -ne $property.Value) { $property.Value.ToString() })" }
                [pscustomobject]$row
            } | Invoke-LoraResize -Destination out
            """).Output.Count);

        Assert.All(_bench.Names("expected"), name => Assert.Equal(Bench.Hash(_bench.PathOf($"expected/{name}")), Bench.Hash(_bench.PathOf($"out/{name}"))));
    }

    [Fact]
    public void Layers_without_recipes_have_no_text_for_them_and_come_back()
    {
        Assert.All(_bench.RunClean("$layers | ForEach-Object { $_.Recipes.ToString() }").OutputAs<string>(), Assert.Empty);
        Assert.Single(_bench.RunClean("""
            $layers | ForEach-Object {
                $row = [ordered]@{}
                foreach ($property in $_.psobject.Properties) { $row[$property.Name] = "$(if ($null -ne $property.Value) { $property.Value.ToString() })" }
                [pscustomobject]$row
            } | Invoke-LoraResize -Checkpoint base.safetensors -Destination out
            """).Output);
    }

    [Fact]
    public void Restored_layers_are_as_they_were()
    {
        IReadOnlyList<DecomposedLayer> before = _bench.RunClean("$attached").OutputAs<DecomposedLayer>();
        IReadOnlyList<DecomposedLayer> after = _bench.RunClean($"$attached | {Serialized} | Get-LoraSpectrum -Checkpoint base.safetensors").OutputAs<DecomposedLayer>();

        Assert.Equal(before.Select(layer => (layer.Name, layer.Digest, layer.BaseSpectralNorm, layer.RelativeSpectralNorm)), after.Select(layer => (layer.Name, layer.Digest, layer.BaseSpectralNorm, layer.RelativeSpectralNorm)));
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.Recipes, pair.Second.Recipes));
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.SingularValues, pair.Second.SingularValues));
        Assert.All(after, layer => Assert.Equal([_bench.PathOf("base.safetensors")], layer.Checkpoint));
    }

    [Fact]
    public void Layers_in_the_pipeline_are_decomposed_anew_and_not_their_file_for_each()
    {
        Assert.Equal(3, _bench.RunClean("$layers | Get-LoraSpectrum").Output.Count);
        Assert.Equal([SampleModel.TextEncoder1], _bench.RunClean("$layers | Get-LoraSpectrum -Layer *te1*").OutputAs<DecomposedLayer>().Select(layer => layer.Name));
        Assert.All(_bench.RunClean("$layers | Get-LoraSpectrum").OutputAs<DecomposedLayer>(), layer => Assert.Null(layer.BaseSpectralNorm));
    }

    [Fact]
    public void Copies_of_the_layers_of_a_PEFT_adapter_know_its_configuration()
    {
        string folder = PeftSample.CopyTo(_bench.PathOf("adapter"), "plain");
        string byFolder = _bench.RunClean("Invoke-LoraResize adapter -Recipe 'spn_lora=1,thr=-0.3'").Only<ResizeResult>().Path;
        _bench.RunClean($"$global:copies = Get-LoraSpectrum adapter | New-ResizeRecipe 'spn_lora=1,thr=-0.3' | {Serialized}");
        string byCopies = _bench.RunClean("$copies | Invoke-LoraResize -Destination out").Only<ResizeResult>().Path;
        Assert.Equal(Bench.Hash(Path.Combine(byFolder, PeftSample.WeightsName)), Bench.Hash(Path.Combine(byCopies, PeftSample.WeightsName)));

        string configuration = Path.Combine(folder, PeftSample.ConfigurationName);
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\"lora_alpha\":16", "\"lora_alpha\":8", StringComparison.Ordinal));
        _bench.RunFailing("$copies | Invoke-LoraResize -Destination again").Is("FileChanged", ErrorCategory.ReadError);
    }

    [Fact]
    public void A_changed_file_is_refused()
    {
        _bench.RunClean($"$global:copies = $attached | {Serialized}");
        _bench.AddLora(seed: 99);

        foreach (string command in new[] { "Invoke-LoraResize -Destination out", "New-ResizeRecipe 'spn_lora=1,thr=-1'", "Get-LoraSpectrum" })
            _bench.RunFailing($"$copies | {command}").Is("FileChanged", ErrorCategory.ReadError).LetsTheCallGoOn().Mentions(_bench.PathOf("style.safetensors"));
    }

    [Theory]
    [InlineData("$attached")]
    [InlineData($"$attached | {Copied}")]
    [InlineData($"$attached | {Serialized}")]
    [InlineData($"$attached | {Copied} | New-ResizeRecipe 'fro_ckpt=1,thr=-9'")]
    public void Layers_are_not_compared_with_another_checkpoint_than_was_seen(string layers)
    {
        // The same content at another time is no other checkpoint.
        File.SetLastWriteTimeUtc(_bench.PathOf("base.safetensors"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _bench.RunClean($"$global:chosen = {layers}; $chosen | Invoke-LoraResize -Destination same");

        _bench.AddCheckpoint(seed: 99);

        _bench.RunFailing("$chosen | Invoke-LoraResize -Destination expected -Force").Is("FileChanged", ErrorCategory.ReadError).LetsTheCallGoOn().Mentions(_bench.PathOf("base.safetensors"), _bench.PathOf("style.safetensors"), "-Checkpoint", "Get-LoraSpectrum");

        RunResult named = _bench.Run("$chosen | Invoke-LoraResize -Destination named -Checkpoint base.safetensors");
        Assert.Empty(named.Errors);
        Assert.Contains("has changed", Assert.Single(named.Warnings), StringComparison.Ordinal);
        _bench.RunClean("$chosen | Get-LoraSpectrum -Checkpoint base.safetensors | Invoke-LoraResize -Destination again");
        Assert.All(_bench.Names("again"), name => Assert.Equal(Bench.Hash(_bench.PathOf($"again/{name}")), Bench.Hash(_bench.PathOf($"named/{name}"))));
    }

    [Theory]
    [InlineData("Invoke-LoraResize -Path $layers")]
    [InlineData("Invoke-LoraResize $layers")]
    [InlineData("Invoke-LoraResize -LiteralPath $layers[0]")]
    [InlineData("Get-LoraSpectrum $layers")]
    [InlineData("Get-LoraInfo -Path $layers")]
    [InlineData($"Invoke-LoraResize -Path ($layers | {Copied})")]
    [InlineData($"Invoke-LoraResize -Path @($layers | {AsHashtable})")]
    public void Layers_are_no_paths(string script) =>
        _bench.RunFailing(script).EndsTheCall().Wraps("PathIsLayer").Mentions("-InputObject", "pipeline");

    [Fact]
    public void Another_checkpoint_may_be_named()
    {
        _bench.AddCheckpoint("other.safetensors", seed: 99);
        Assert.Equal(2, _bench.RunClean("$attached | Invoke-LoraResize -Destination out -Checkpoint other.safetensors").Output.Count);
    }

    [Theory]
    [InlineData("$_.psobject.Properties.Remove('Digest')", "Digest")]
    [InlineData("$_.psobject.Properties.Remove('Name')", "Name")]
    [InlineData("$_.psobject.Properties.Remove('Path')", "Path")]
    [InlineData("$_.psobject.Properties.Remove('Recipes')", "Recipes", "-Recipe")]
    [InlineData("$_.Recipes = 'spn_lora=1,thr=x'", "'x'")]
    [InlineData("$_.Recipes = 'System.Collections.ArrayList'", "System.Collections.ArrayList")]
    [InlineData("$_.SingularValues = @($_.SingularValues | ForEach-Object { $_ * 2 })", "SingularValues")]
    [InlineData("$_.SingularValues = @($_.SingularValues | Select-Object -First 2)", "SingularValues")]
    [InlineData("$_.SingularValues = 'System.Collections.ArrayList'", "System.Collections.ArrayList")]
    public void What_is_missing_or_edited_is_refused_with_the_reason(string edit, params string[] mentions)
    {
        ExpectedError error = _bench.RunFailing($"$attached | {Copied} | ForEach-Object {{ {edit}; $_ }} | Invoke-LoraResize -Destination out");
        error.Is("LayerNotRestored", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions(mentions).Mentions("Get-LoraSpectrum");
    }

    [Theory]
    [InlineData("$_.Digest = '0123456789abcdef0123456789abcdef'", "FileChanged", ErrorCategory.ReadError)]
    [InlineData("$_.Name = 'lora_unet_none'", "LayerNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("$_.Path = 'none.safetensors'", "FileNotFound", ErrorCategory.ObjectNotFound)]
    public void What_does_not_lead_to_the_layer_is_refused(string edit, string id, ErrorCategory category) =>
        _bench.RunFailing($"$attached | {Copied} | ForEach-Object {{ {edit}; $_ }} | Invoke-LoraResize -Destination out").Is(id, category);

    [Fact]
    public void A_problem_with_one_file_s_layers_does_not_end_the_work_on_the_others()
    {
        _bench.AddLora("other.safetensors", seed: 7);
        RunResult result = _bench.Run($"@($attached) + @(Get-LoraSpectrum other.safetensors | New-ResizeRecipe 'spn_lora=1,thr=-0.3') | {Copied} | ForEach-Object {{ if ($_.Path -like '*style*') {{ $_.Digest = 'x' }}; $_ }} | Invoke-LoraResize -Destination out");

        Assert.StartsWith("FileChanged,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("other_spnlora1_th-0.3.safetensors", result.Only<ResizeResult>().Name);
    }

    [Fact]
    public void A_name_and_a_path_of_a_file_are_a_file()
    {
        Assert.Equal(4, _bench.RunClean("[pscustomobject]@{ Name = 'style.safetensors'; Path = 'style.safetensors' }, [pscustomobject]@{ Name = 'My style' } | Where-Object Path | Get-LoraSpectrum").Output.Count);
        Assert.Equal("style_spnlora1_th-0.3.safetensors", _bench.RunClean("[pscustomobject]@{ Name = 'My style'; Path = $args[0] } | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'", _bench.PathOf("style.safetensors")).Only<ResizeResult>().Name);
    }

    [Fact]
    public void Whatever_carries_a_spectrum_is_no_file()
    {
        ExpectedError error = _bench.RunFailing("""
            class Note { [string] $Path; [double[]] $SingularValues = 1, 2 }
            [Note] @{ Path = $args[0] } | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'
            """, _bench.PathOf("style.safetensors"));

        error.Is("LayerNotRestored", ErrorCategory.InvalidArgument).Mentions("Name");
    }

    [Fact]
    public void Results_and_copies_of_them_are_files()
    {
        const string resize = "Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -Destination results";
        Assert.NotEmpty(_bench.RunClean($"{resize} | {Serialized} | Get-LoraSpectrum").Output);
        Assert.Equal("style_spnlora1_th-0.3_spnlora1_th-0.2.safetensors", _bench.RunClean($"{resize} -Force | {Copied} | Invoke-LoraResize -IncludeResized -Recipe 'spn_lora=1,thr=-0.2'").Only<ResizeResult>().Name);
        Assert.Single(_bench.Run($"{resize} -Force | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.2'").Warnings, warning => warning.Contains("-IncludeResized", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Invoke-LoraResize -InputObject 42 -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Get-LoraSpectrum -InputObject 'style.safetensors'")]
    [InlineData("New-ResizeRecipe 'spn_lora=1,thr=-1' -InputObject (Get-Item style.safetensors)")]
    public void What_is_no_layer_is_not_taken_for_one(string script) => _bench.RunFailing(script).EndsTheCall().Mentions("not a layer");
}
