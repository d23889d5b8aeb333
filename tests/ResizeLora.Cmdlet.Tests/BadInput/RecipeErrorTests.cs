using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>A wrong recipe ends the call before any work and says what is wrong.</summary>
public sealed class RecipeErrorTests : IDisposable
{
    private readonly Bench _bench = new();

    public RecipeErrorTests() => _bench.AddLora();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("spn_chkpt=1,thr=-1", "RecipeUnknownKey", "position 1", "'spn_chkpt'", "did you mean 'spn_ckpt'?", "Valid keys")]
    [InlineData("spn_lora,treshold=-1", "RecipeUnknownKey", "position 10", "'treshold'", "Valid keys", "thr")]
    [InlineData("spn_lora=1,thr=", "RecipeEmptyValue", "position 12", "'thr'")]
    [InlineData("spn_lora=,thr=-1", "RecipeEmptyValue", "position 1", "'spn_lora'")]
    [InlineData("spn_lora=1,thr", "RecipeEmptyValue", "position 12", "'thr'")]
    [InlineData("spn_lora=1", "RecipeNoSelection", "thr=", "size=")]
    [InlineData("spn_lora=1,spn_ckpt=-1,thr=-1", "RecipeWeightSum", "positive")]
    [InlineData("spn_lora=0,thr=-1", "RecipeWeightSum", "positive")]
    [InlineData("thr=-1", "RecipeWeightSum", "positive")]
    [InlineData("spn_lora=NaN,thr=-1", "RecipeNotANumber", "'NaN'")]
    [InlineData("spn_lora=1,thr=Infinity", "RecipeNotANumber", "'Infinity'")]
    [InlineData("spn_lora=1,thr=-1.2.3", "RecipeNotANumber", "'-1.2.3'", "position 16")]
    [InlineData("spn_lora=1,size=0", "RecipeNotPositive", "'size'")]
    [InlineData("spn_lora=1,thr=-1,rescale=-1", "RecipeNotPositive", "'rescale'")]
    [InlineData("spn_lora=1,thr=-1,thr=-2", "RecipeRepeatedKey", "'thr'", "position 19")]
    [InlineData("spn_lora=1,,thr=-1", "RecipeEmptyItem", "position 12")]
    [InlineData("spn_lora=1,thr=-1:", "RecipeEmpty", "position 19")]
    [InlineData("spn_lora=1,thr=-1:spn_lora=1,thr=x", "RecipeNotANumber", "position 34")]
    public void Wrong_text(string recipe, string id, params string[] mentions)
    {
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe $args[0]", recipe).Wraps(id).EndsTheCall().Mentions(mentions);
        _bench.RunFailing("New-ResizeRecipe $args[0]", recipe).Wraps(id).EndsTheCall().Mentions(mentions);
    }

    [Theory]
    [InlineData("-SpnCkpt 1", "RecipeNoSelection")]
    [InlineData("-Threshold -1", "RecipeWeightSum")]
    [InlineData("-SpnCkpt 1 -SpnLora -1 -Threshold -1", "RecipeWeightSum")]
    [InlineData("-SpnCkpt 1 -Size 0", "RecipeNotPositive")]
    [InlineData("-SpnCkpt ([double]::NaN) -Size 1", "RecipeNotANumber")]
    [InlineData("-SpnCkpt 1 -Threshold ([double]::PositiveInfinity)", "RecipeNotANumber")]
    [InlineData("-SpnCkpt 1 -Size ([int]32MB)", "RecipeSizeTooLarge")]
    [InlineData("-SpnCkpt 1 -Size 32Mb/s", "RecipeNotANumber")]
    public void Wrong_parameters(string parameters, string id) =>
        _bench.RunFailing($"New-ResizeRecipe {parameters}").Is(id, ErrorCategory.InvalidArgument).EndsTheCall();

    [Theory]
    [InlineData("@{ spn_chkpt = 1; thr = -1 }", "spn_ckpt")]
    [InlineData("@{ spn_ckpt = 1; thr = -1,2 }", "-1.2")]
    [InlineData("@{ spn_ckpt = 1; thr = '-1,2' }", "-1.2")]
    [InlineData("@{ spn_ckpt = 1; size = 32MB }", "Did you mean 32MB?")]
    [InlineData("@{ spn_ckpt = 1; thr = $null }", "'thr' has no value")]
    [InlineData("@{ }", "the recipe is empty")]
    [InlineData("spn_ckpt=1,thr=-1,2", "write decimals with a point, -1.2")]
    [InlineData("'spn_ckpt=1,thr=-1,2'", "write decimals with a point, -1.2")]
    public void Wrong_hashtable_or_number(string recipe, string mention) =>
        _bench.RunFailing($"New-ResizeRecipe {recipe}").EndsTheCall().Mentions(mention);

    [Fact]
    public void Wrong_text_in_the_pipeline_is_an_error_of_its_own()
    {
        RunResult result = _bench.Run("'spn_ckpt=1,thr=-1', 'spn_ckpt=1,thr=x', 'spn_lora=1,thr=-1' | New-ResizeRecipe");

        Assert.Contains("'x'", Assert.Single(result.Errors).Exception.Message, StringComparison.Ordinal);
        Assert.Equal(2, result.Output.Count);
    }

    [Theory]
    [InlineData("$null")]
    [InlineData("''")]
    [InlineData("@()")]
    [InlineData("42")]
    [InlineData("@('spn_lora=1,thr=-1', $null)")]
    public void Something_that_is_no_recipe(string argument) =>
        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe {argument}").EndsTheCall().Mentions("Recipe");
}
