using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>What an error advises to do works, and fits the recipe that was given.</summary>
public sealed class AdviceTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("spn_lora=1,thr=1", "Its best score is 0: is a minus missing, as in thr=-1?")]
    [InlineData("spn_lora=1,thr=0.5", "is a minus missing, as in thr=-0.5?")]
    public void A_threshold_without_its_minus(string recipe, string advice)
    {
        _bench.AddLora();
        AssertAdvises(recipe, "NothingKept", advice);
    }

    [Fact]
    public void A_threshold_above_all_scores_gets_one_that_works()
    {
        _bench.AddLora();
        ExpectedError error = AssertAdvises("params=1,thr=-0.5", "NothingKept", "Its best score is -");
        Assert.DoesNotContain("ize ", error.Record.Exception.Message, StringComparison.Ordinal);
        string best = System.Text.RegularExpressions.Regex.Match(error.Record.Exception.Message, @"score is (-[\d.]*\d)").Groups[1].Value;
        Assert.Single(_bench.Run($"Invoke-LoraResize style.safetensors -Recipe 'params=1,thr={best}'").Output);
    }

    [Fact]
    public void A_size_that_is_too_small_gets_the_smallest_that_works()
    {
        _bench.AddLora();
        ExpectedError error = AssertAdvises("spn_lora=1,size=0.0001", "BudgetTooSmall", "Raise size to ");
        Assert.DoesNotContain("-UnmatchedLayer", error.Record.Exception.Message, StringComparison.Ordinal);
        string smallest = System.Text.RegularExpressions.Regex.Match(error.Record.Exception.Message, @"Raise size to ([\d.]*\d)").Groups[1].Value;
        ResizeResult result = _bench.Run($"Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size={smallest}'").Only<ResizeResult>();
        Assert.Equal(1, result.Rank);
    }

    [Fact]
    public void Zeros()
    {
        _bench.Add("style.safetensors", new SampleFile().AddLora(SampleModel.Unet, 24, 20, 4, new Random(1), alpha: 0));
        AssertAdvises("spn_lora=1,thr=-1", "NothingKept", "All of its layers are zero");
        AssertAdvises("spn_lora=1,size=1", "NothingKept", "All of its layers are zero");
    }

    [Theory]
    [InlineData("spn_lora=1,thr=-0.3", "spn_lora=2,thr=-0.3")]
    [InlineData("spn_lora=1,size=1", "spn_lora=3,size=1MiB")]
    public void Recipes_that_mean_the_same(string one, string other)
    {
        _bench.AddLora();
        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe '{one}', '{other}'")
            .Is("OutputNameCollision", ErrorCategory.InvalidArgument)
            .Mentions("These recipes are equivalent. Leave one of them out.");
    }

    private ExpectedError AssertAdvises(string recipe, string id, string advice) =>
        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe '{recipe}'").Is(id, ErrorCategory.LimitsExceeded).Mentions(_bench.PathOf("style.safetensors"), advice);
}
