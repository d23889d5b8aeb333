using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>Recipes that leave nothing, and destinations that can't be, are errors that leave nothing behind.</summary>
public sealed class UnmeetableRequestTests : IDisposable
{
    private readonly Bench _bench = new();

    public UnmeetableRequestTests() => _bench.AddLora();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Nothing_kept_is_an_error_and_no_empty_file() =>
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=0.5'").Is("NothingKept", ErrorCategory.LimitsExceeded).LetsTheCallGoOn().Mentions(_bench.PathOf("style.safetensors"), "'spn_lora=1,thr=0.5'");

    [Fact]
    public void Size_that_is_too_small() =>
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size=0.0001'").Is("BudgetTooSmall", ErrorCategory.LimitsExceeded).LetsTheCallGoOn().Mentions(_bench.PathOf("style.safetensors"), "'spn_lora=1,size=0.0001'", "already takes", "Raise size to");

    [Fact]
    public void Recipe_that_keeps_nothing_does_not_stop_the_others()
    {
        RunResult result = _bench.Run("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=0.5:spn_lora=1,thr=-0.3'");

        Assert.StartsWith("NothingKept,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("style_spnlora1_th-0.3.safetensors", result.Only<ResizeResult>().Name);
    }

    [Fact]
    public void Destination_that_is_a_file()
    {
        string path = _bench.AddText("file", "precious");

        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe $args[0] -Destination file", Bench.ByItself).Is("DestinationIsFile", ErrorCategory.InvalidArgument).EndsTheCall().Mentions(path);
    }

    [Fact]
    public void Destination_that_can_not_be_made()
    {
        _bench.AddText("file", "precious");

        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe $args[0] -Destination file/below", Bench.ByItself).Is("DestinationNotWritable", ErrorCategory.WriteError).EndsTheCall().Mentions(_bench.PathOf("file/below"), $"'{_bench.PathOf("file")}' is a file");
    }

    [Fact]
    public void Output_name_that_a_folder_has()
    {
        string path = _bench.PathOf("style_spnlora1_th-0.3.safetensors");
        Directory.CreateDirectory(path);

        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe $args[0]", Bench.ByItself).Is("OutputExists", ErrorCategory.ResourceExists).Mentions(path);
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Recipe $args[0] -Force", Bench.ByItself).Is("OutputIsNotOurs", ErrorCategory.ResourceExists).Mentions(path, "is a folder");
    }
}
