using ResizeLora.Completion;
using ResizeLora.Recipes;

namespace ResizeLora.Cmdlet.Tests.Completion;

public sealed class RecipeCompletionTests : IDisposable
{
    private readonly CompletionBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,thr=-1:|")]
    public void A_recipe_begins_with_any_key(string line) =>
        Assert.Equal(RecipeKeys.All, _bench.Complete(line).Select(result => result.ListItemText));

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -Recipe |")]
    [InlineData("Invoke-LoraResize style.safetensors -Recipe '|")]
    [InlineData("New-ResizeRecipe |")]
    public void Nothing_typed_offers_ready_recipes_and_any_key(string line)
    {
        string[] offered = [.. _bench.Complete(line).Select(result => result.ListItemText)];

        Assert.Equal(ResizeRecipe.Default.Recipe, offered[0]);
        Assert.Equal(RecipeKeys.All, offered[^RecipeKeys.All.Count..]);
        Assert.All(offered[..^RecipeKeys.All.Count], recipe => Assert.Equal(recipe, ResizeRecipe.Parse(recipe).Recipe));
    }

    [Theory]
    [InlineData("New-ResizeRecipe s|", "'spn_ckpt=", "'spn_lora=", "'subspace=", "'size=")]
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
            RecipeKeys.All.Except(["spn_ckpt", "thr"]).Select(key => $"'spn_ckpt=1,thr=-1,{key}="),
            _bench.Texts("New-ResizeRecipe 'spn_ckpt=1,thr=-1|"));

    [Theory]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,nonsense|")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,nonsense=|")]
    [InlineData("New-ResizeRecipe 'spn_ckpt=1,spn_ckpt|")]
    public void Where_nothing_fits_nothing_is_offered(string line) => Assert.Empty(_bench.Complete(line));

    [Fact]
    public void Tooltips_say_what_a_key_compares_with() =>
        Assert.Contains("Frobenius norm of the base layer", Assert.Single(_bench.Complete("New-ResizeRecipe fro_c|")).ToolTip, StringComparison.Ordinal);

    [Fact]
    public void Every_key_has_a_help_and_an_example_that_parses()
    {
        Assert.Equal(RecipeKeys.All, RecipeKeyHelp.All.Select(help => help.Key));
        Assert.All(RecipeKeyHelp.All, help => Assert.NotNull(ResizeRecipe.Parse(help.Key switch
        {
            RecipeKeys.Threshold or RecipeKeys.Size => $"params=1,{help.Key}={help.Example}",
            RecipeKeys.Rescale => $"params=1,thr=-1,{help.Key}={help.Example}",
            _ => $"{help.Key}={help.Example},thr=-1",
        })));
    }
}
