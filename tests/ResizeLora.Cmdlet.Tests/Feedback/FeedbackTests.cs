using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Feedback;

/// <summary>What a user is told while it works.</summary>
public sealed class FeedbackTests : IDisposable
{
    private readonly Bench _bench = new();

    public FeedbackTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
        _bench.AddLora("other.safetensors", seed: 5);
    }

    [Fact]
    public void Verbose_has_a_line_per_file_and_per_layer_and_the_quantiles_of_the_scores()
    {
        IReadOnlyList<string> verbose = _bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Verbose").Verbose;

        Assert.All(SampleModel.LayerNames, layer => Assert.Single(verbose, message => message.StartsWith($"{layer}: rank 8 -> ", StringComparison.Ordinal) && message.Contains("of the base", StringComparison.Ordinal)));
        Assert.Single(verbose, message => message.Contains("style_spnckpt1_th-1.2.safetensors: rank 32 -> ", StringComparison.Ordinal));
        Assert.Single(verbose, message => message.StartsWith("Scores by 'spn_ckpt=1,thr=-1.2', quantiles", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_verbose_unless_asked_for() =>
        Assert.Empty(_bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors").Verbose);

    [Fact]
    public void Several_files_have_a_bar_above_that_of_the_layers()
    {
        IReadOnlyList<ProgressRecord> progress = _bench.RunClean("Invoke-LoraResize style.safetensors, other.safetensors -Recipe 'spn_lora=1,thr=-0.3'").Progress;

        ProgressRecord[] layers = [.. progress.Where(record => record.RecordType == ProgressRecordType.Processing && record.ParentActivityId >= 0)];
        Assert.NotEmpty(layers);
        Assert.All(layers, record => Assert.Contains(progress, parent => parent.ActivityId == record.ParentActivityId && parent.StatusDescription.StartsWith("File ", StringComparison.Ordinal)));
        Assert.Contains(progress, record => record.StatusDescription == "File 2 of 2");
    }

    [Fact]
    public void One_file_has_one_bar_with_the_time_that_is_left()
    {
        IReadOnlyList<ProgressRecord> progress = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3'").Progress;

        Assert.Single(progress.Select(record => record.ActivityId).Distinct());
        Assert.Contains(progress, record => record.StatusDescription == "Writing layer 4 of 4" && record is { PercentComplete: 100, SecondsRemaining: 0 });
    }

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors, other.safetensors -Recipe 'spn_lora=1,thr=-0.3'")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors")]
    public void Every_bar_is_taken_away_at_the_end(string script)
    {
        IReadOnlyList<ProgressRecord> progress = _bench.RunClean(script).Progress;

        foreach (IGrouping<int, ProgressRecord> bar in progress.GroupBy(record => record.ActivityId))
            Assert.Equal(ProgressRecordType.Completed, bar.Last().RecordType);
    }

    public void Dispose() => _bench.Dispose();
}
