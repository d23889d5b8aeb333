using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Recipes;

namespace ResizeLora.Cmdlet.Tests.Layers;

/// <summary>Recipes as objects of the shell.</summary>
public sealed class RecipeObjectTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("spn_ckpt=1,thr=-1.2", "spn_ckpt=1,thr=-1.2")]
    [InlineData(" thr = -1.20 , spn_ckpt ", "spn_ckpt=1,thr=-1.2")]
    [InlineData("size=32,fro_lora=2,spn_lora=1e0", "spn_lora=1,fro_lora=2,size=32")]
    [InlineData("subspace=0.5,params=-0.125,thr=1e-3,rescale=1.5", "subspace=0.5,params=-0.125,thr=0.001,rescale=1.5")]
    public void Recipe_prints_as_its_string_and_parses_back(string text, string printed)
    {
        Assert.Equal(printed, _bench.RunClean("\"$(New-ResizeRecipe $args[0])\"", text).Only<string>());
        Assert.True(_bench.RunClean("$recipe = New-ResizeRecipe $args[0]; $recipe -eq [ResizeLora.ResizeRecipe]::Parse(\"$recipe\")", text).Only<bool>());
        Assert.False(_bench.RunClean("(New-ResizeRecipe $args[0]) -eq (New-ResizeRecipe 'spn_lora=1,thr=-0.7')", text).Only<bool>());
    }

    [Fact]
    public void Several_recipes_come_one_by_one() =>
        Assert.Equal(["spn_lora=1,thr=-1", "fro_lora=1,thr=-2"], _bench.RunClean("New-ResizeRecipe 'spn_lora,thr=-1:fro_lora,thr=-2'").OutputAs<ResizeRecipe>().Select(recipe => recipe.ToString()));

    [Fact]
    public void Type_resolves_in_the_shell() =>
        Assert.Same(typeof(ResizeRecipe), _bench.RunClean("[ResizeLora.ResizeRecipe]").Only<Type>());

    [Fact]
    public void Each_key_has_a_parameter_and_each_parameter_a_key() => Assert.Equal(
        RecipeKey.All.Select(key => key.Parameter).Order(StringComparer.Ordinal),
        _bench.RunClean("""
            $common = [System.Management.Automation.PSCmdlet]::CommonParameters
            (Get-Command New-ResizeRecipe).ParameterSets.Where({ $_.Name -eq 'Weight' }).Parameters.Name.Where({ $_ -notin $common -and $_ -ne 'InputObject' })
            """).OutputAs<string>().Order(StringComparer.Ordinal));

    [Fact]
    public void Each_parameter_sets_its_key() => Assert.All(RecipeKey.All, key =>
    {
        string value = key == RecipeKey.Rescale ? "2" : key.Examples[0];
        string others = key switch
        {
            ScoreReference => "-Threshold -1",
            MinimizeKey => "-Size 1",
            SelectionKey { Role: RuleRole.Threshold or RuleRole.Limit } => "-Params 1",
            SelectionKey => string.Empty,
            _ => "-Params 1 -Threshold -1",
        };
        Assert.Contains($"{key.Name}={value}", _bench.RunClean($"New-ResizeRecipe -{key.Parameter} {value} {others}").Only<ResizeRecipe>().Recipe, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("-SpnCkpt 1 -Params 0.2 -Size 32", "spn_ckpt=1,params=0.2,size=32")]
    [InlineData("-SpnLora 1 -FroCkpt 0.5 -FroLora -0.25 -Subspace 2 -Threshold -1.2", "spn_lora=1,fro_ckpt=0.5,fro_lora=-0.25,subspace=2,thr=-1.2")]
    [InlineData("-SpnLora 1 -Thr -1 -Rescale 0.5", "spn_lora=1,thr=-1,rescale=0.5")]
    [InlineData("-SpnLora 1 -Threshold 0", "spn_lora=1,thr=0")]
    public void Recipe_from_parameters(string parameters, string printed) =>
        Assert.Equal(printed, _bench.RunClean($"New-ResizeRecipe {parameters}").Only<ResizeRecipe>().ToString());

    [Theory]
    [InlineData("-Size 32", "32")]
    [InlineData("-Size 32MB", "32MB")]
    [InlineData("-Size '32MB'", "32MB")]
    [InlineData("-Size 32MiB", "32")]
    [InlineData("-Size 0.5GiB", "512")]
    [InlineData("-Size 0.05", "0.05")]
    [InlineData("-Size 0x20", "32")]
    [InlineData("-Size 0.1e1", "1")]
    [InlineData("-Size (52372 / 1MB)", "0.049945831298828125")]
    public void Sizes_are_in_MiB_or_have_a_unit(string size, string printed) =>
        Assert.Equal($"spn_lora=1,size={printed}", _bench.RunClean($"New-ResizeRecipe -SpnLora 1 {size}").Only<ResizeRecipe>().Recipe);

    [Theory]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Threshold '-1,2'", "-1.2")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Threshold -1,2", "-1.2")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Thr ('-1,2', '3')", "-1.2")]
    [InlineData("New-ResizeRecipe -SpnLora '0,5' -Threshold -1", "0.5")]
    [InlineData("New-ResizeRecipe -SpnCkpt '0,5' -Threshold -1", "0.5")]
    [InlineData("New-ResizeRecipe -FroCkpt '0,5' -Threshold -1", "0.5")]
    [InlineData("New-ResizeRecipe -FroLora '0,5' -Threshold -1", "0.5")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Subspace '0,5' -Threshold -1", "0.5")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Params '-0,5' -Threshold -1", "-0.5")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Threshold -1 -Rescale '0,8'", "0.8")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Threshold -1 -Rescale '1,000'", "1000")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Size '1,5'", "1.5")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Size 1,5", "1.5")]
    [InlineData("New-ResizeRecipe -SpnLora 1 -Size 1,000", "1.0")]
    [InlineData("New-ResizeRecipe 'spn_lora=1,size=1,000'", "1000")]
    [InlineData("New-ResizeRecipe @{ spn_lora = '0,5'; thr = -1 }", "0.5")]
    [InlineData("New-ResizeRecipe @{ spn_lora = 1; thr = '-1,2' }", "-1.2")]
    [InlineData("New-ResizeRecipe @{ spn_lora = 1; rescale = '0,8'; thr = -1 }", "0.8")]
    [InlineData("Get-LoraSpectrum x -ThrottleLimit '1,2'", "1.2")]
    [InlineData("Invoke-LoraResize x -Recipe 'spn_lora=1,thr=-1' -MaxRank '1,000'", "1000")]
    [InlineData("Invoke-LoraResize x -Recipe 'spn_lora=1,thr=-1' -Rank 1,2", "1.2")]
    public void A_decimal_comma_is_never_left_out(string script, string advice) =>
        Assert.Contains(advice, _bench.RunFailing(script).EndsTheCall().Mentions("is not a number").Record.Exception.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("-Rank 1.5")]
    [InlineData("-MaxRank '2.5'")]
    [InlineData("-RankMultiple 7.9")]
    public void Ranks_are_not_rounded(string option) =>
        _bench.RunFailing($"Invoke-LoraResize x -Recipe 'spn_lora=1,thr=-1' {option}").EndsTheCall().Mentions("is not a whole number").Wraps("NotAWholeNumber");

    [Theory]
    [InlineData("New-ResizeRecipe @{ spn_ckpt = 1; thr = -1.2 }", "spn_ckpt=1,thr=-1.2")]
    [InlineData("New-ResizeRecipe ([ordered]@{ thr = '-1.2'; spn_lora = 0.5; size = '32MB' })", "spn_lora=0.5,thr=-1.2,size=32MB")]
    [InlineData("New-ResizeRecipe @{ SpnCkpt = 1; Threshold = -1.2; Rescale = 0.5 }", "spn_ckpt=1,thr=-1.2,rescale=0.5")]
    [InlineData("New-ResizeRecipe @{ FRO_LORA = 1; Thr = -1; Size = '64KB' }", "fro_lora=1,thr=-1,size=0.064MB")]
    [InlineData("New-ResizeRecipe @{ spn_ckpt = 1; thr = [string][char]0x2212 + '1.2' }", "spn_ckpt=1,thr=-1.2")]
    [InlineData("New-ResizeRecipe @{ spn_ckpt = 1; thr = -1 }, 'spn_lora,thr=-2', @{ params = 1; size = 3 }", "spn_ckpt=1,thr=-1", "spn_lora=1,thr=-2", "params=1,size=3")]
    [InlineData("@{ spn_ckpt = 1; thr = -1 }, 'spn_lora,thr=-2:params,size=3' | New-ResizeRecipe", "spn_ckpt=1,thr=-1", "spn_lora=1,thr=-2", "params=1,size=3")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,thr=-1' | New-ResizeRecipe", "spn_ckpt=1,thr=-1")]
    [InlineData("$d = [System.Collections.Generic.Dictionary[string, double]]::new(); $d['spn_ckpt'] = 1; $d['thr'] = -1; New-ResizeRecipe $d", "spn_ckpt=1,thr=-1")]
    public void Recipes_are_texts_or_hashtables_given_or_piped(string script, params string[] printed) =>
        Assert.Equal(printed, _bench.RunClean(script).OutputAs<ResizeRecipe>().Select(recipe => recipe.Recipe));

    [Theory]
    [InlineData("@{ spn_lora = 1; size = 64KB }", "'64KB'")]
    [InlineData("@{ spn_lora = 1; size = 16KB }", "'16KB'")]
    [InlineData("@{ spn_lora = 1; size = 32MB }", "'32MB'")]
    [InlineData("@{ spn_lora = 1; thr = -1,2 }", "write decimals with a point, -1.2.")]
    [InlineData("@{ spn_lora = 1; thr = 'x' }", "'x' is not a finite number for 'thr'")]
    [InlineData("@{ spn_lora = 1; thr = $null }", "'thr' has no value")]
    [InlineData("@{ spn_lora = 1; thr = -1; Threshold = -2 }", "'thr' is given twice")]
    [InlineData("@{ spn_lara = 1; thr = -1 }", "did you mean 'spn_lora'?")]
    [InlineData("@{ rescale = 0.5 }", "does not say what to keep")]
    public void An_error_in_a_hashtable_names_no_position(string recipe, string mention)
    {
        ExpectedError error = _bench.RunFailing($"New-ResizeRecipe {recipe}").Mentions(mention);
        Assert.DoesNotContain("position", error.Record.Exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Size (64KB)", "'64KB'")]
    [InlineData("-Size (16KB)", "'16KB'")]
    [InlineData("-Size 40960", "'40KB'")]
    public void A_size_in_bytes_is_refused(string size, string mention) =>
        _bench.RunFailing($"New-ResizeRecipe -SpnLora 1 {size}").Is("RecipeSizeTooLarge", System.Management.Automation.ErrorCategory.InvalidArgument).Mentions(mention, "in quotes");

    [Theory]
    [InlineData("\u22121.2")]
    [InlineData("'\u20131.2'")]
    [InlineData("\uFF0D\uFF11.2")]
    public void Numbers_of_parameters_may_have_a_typographic_minus(string threshold) =>
        Assert.Equal("spn_lora=1,thr=-1.2", _bench.RunClean($"New-ResizeRecipe -SpnLora 1 -Threshold {threshold}").Only<ResizeRecipe>().Recipe);

    [Fact]
    public void A_hashtable_is_a_recipe_for_Invoke_LoraResize_too()
    {
        _bench.AddLora();
        Assert.Equal("style_spnlora1_th-0.3.safetensors", _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe @{ spn_lora = 1; thr = -0.3 }").Only<ResizeResult>().Name);
    }

    [Fact]
    public void What_serialisation_leaves_of_a_recipe_is_a_recipe() =>
        Assert.Equal("spn_ckpt=3,size=32MB", _bench.RunClean("New-ResizeRecipe ([System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((New-ResizeRecipe 'spn_ckpt=3,size=32MB'))))").Only<ResizeRecipe>().Recipe);

    [Fact]
    public void Recipe_object_is_as_good_as_its_text()
    {
        _bench.AddLora();
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3' -Destination text");
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe (New-ResizeRecipe -SpnLora 1 -Threshold -0.3) -Destination object");

        Assert.Equal(Bench.Hash(_bench.PathOf("text/style_spnlora1_th-0.3.safetensors")), Bench.Hash(_bench.PathOf("object/style_spnlora1_th-0.3.safetensors")));
    }

    [Fact]
    public void No_layers_in_the_pipeline_give_nothing() =>
        Assert.Empty(_bench.RunClean("@() | New-ResizeRecipe 'spn_lora,thr=-1'").Output);

    [Theory]
    [InlineData("spn_ckpt=1,thr=-1.2", new[] { "spn_ckpt=1,thr=-1.2" })]
    [InlineData("spn_ckpt,fro_lora,size=32", new[] { "spn_ckpt=1,fro_lora=1,size=32" })]
    [InlineData("spn_ckpt=1,thr=-1.2:spn_lora=1,size=32", new[] { "spn_ckpt=1,thr=-1.2", "spn_lora=1,size=32" })]
    [InlineData("'spn_ckpt=1,thr=-1.2', 'spn_lora=1,size=32'", new[] { "spn_ckpt=1,thr=-1.2", "spn_lora=1,size=32" })]
    public void Recipe_without_quotes_is_what_it_looks_like(string written, string[] printed) =>
        Assert.Equal(printed, _bench.RunClean($"New-ResizeRecipe {written}").OutputAs<ResizeRecipe>().Select(recipe => recipe.ToString()));
}
