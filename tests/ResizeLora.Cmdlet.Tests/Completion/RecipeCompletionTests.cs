using ResizeLora.Recipes;

namespace ResizeLora.Cmdlet.Tests.Completion;

public sealed class RecipeCompletionTests : IDisposable
{
    private readonly CompletionBench _bench = new();

    private static IEnumerable<string> Keys => RecipeKey.All.Select(key => key.Name);

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,thr=-1:|")]
    public void A_recipe_begins_with_any_key(string line) =>
        Assert.Equal(Keys, _bench.Complete(line).Select(result => result.ListItemText));

    [Fact]
    public void Keys_that_begin_as_typed_are_offered() =>
        Assert.Equal(Keys.Where(key => key.StartsWith('s')).Select(key => $"'{key}="), _bench.Texts("New-ResizeRecipe s|"));

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -Recipe |")]
    [InlineData("Invoke-LoraResize style.safetensors -Recipe '|")]
    [InlineData("New-ResizeRecipe |")]
    public void Nothing_typed_offers_ready_recipes_and_any_key(string line)
    {
        string[] keys = [.. Keys];
        string[] offered = [.. _bench.Complete(line).Select(result => result.ListItemText)];

        Assert.Equal(ResizeRecipe.Default.Recipe, offered[0]);
        Assert.Equal(keys, offered[^keys.Length..]);
        Assert.All(offered[..^keys.Length], recipe => Assert.Equal(recipe, ResizeRecipe.Parse(recipe).Recipe));
    }

    [Theory]
    [InlineData("New-ResizeRecipe FRO|", "'fro_ckpt=", "'fro_lora=")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,fro|", "'spn_ckpt=1,fro_ckpt=", "'spn_ckpt=1,fro_lora=")]
    [InlineData("New-ResizeRecipe \"spn_ckpt=1,fro|", "\"spn_ckpt=1,fro_ckpt=", "\"spn_ckpt=1,fro_lora=")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,fro|'", "'spn_ckpt=1,fro_ckpt='", "'spn_ckpt=1,fro_lora='")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,thr=-1:spn|", "'spn_ckpt=1,thr=-1:spn_ckpt=", "'spn_ckpt=1,thr=-1:spn_lora=")]
    public void What_was_typed_is_kept_and_quoted(string line, params string[] expected) => Assert.Equal(expected, _bench.Texts(line));

    [Theory]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,spn|", "New-ResizeRecipe 'spn_ckpt=1,spn_lora=")]
    [InlineData("New-ResizeRecipe 'spn_ckpt,spn|", "New-ResizeRecipe 'spn_ckpt,spn_lora=")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1, t|", "New-ResizeRecipe 'spn_ckpt=1, thr=")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,thr=|", "New-ResizeRecipe 'spn_ckpt=1,thr=-1.2")]
    [InlineData("Invoke-LoraResize a -Recipe 'spn_ckpt=1,thr=|' -Checkpoint b", "Invoke-LoraResize a -Recipe 'spn_ckpt=1,thr=-1.2' -Checkpoint b")]
    public void The_line_goes_on(string line, string expected) => Assert.Equal(expected, _bench.Press(line));

    [Fact]
    public void After_a_value_comes_the_next_key() =>
        Assert.Equal(
            Keys.Except(["spn_ckpt", "thr"]).Select(key => $"'spn_ckpt=1,thr=-1,{key}="),
            _bench.Texts("New-ResizeRecipe 'spn_ckpt=1,thr=-1|"));

    [Theory]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,nonsense|")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,nonsense=|")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,spn_ckpt|")]
    public void Where_nothing_fits_nothing_is_offered(string line) => Assert.Empty(_bench.Complete(line));

    [Fact]
    public void Tooltips_say_what_a_key_compares_with() =>
        Assert.Contains("Frobenius norm of the base layer", Assert.Single(_bench.Complete("New-ResizeRecipe fro_c|")).ToolTip, StringComparison.Ordinal);
}
