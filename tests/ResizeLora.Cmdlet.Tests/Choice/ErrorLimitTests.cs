using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Choice;

/// <summary>error= on golden files: never more than that, and the next smaller choice would be more, rounding included.</summary>
public sealed class ErrorLimitTests : IDisposable
{
    private readonly ModuleSession _session = new();

    public void Dispose() => _session.Dispose();

    [Theory]
    [InlineData("lora_a", "minimize=error", 0.05, ResizePrecision.Float16)]
    [InlineData("lora_a", "minimize=error", 0.0005, ResizePrecision.Float16)]
    [InlineData("lora_a", "minimize=error", 0.05, ResizePrecision.Float8)]
    [InlineData("lora_a", "spn_lora=1", 0.05, ResizePrecision.Float8)]
    [InlineData("lora_b", "minimize=error", 0.2, ResizePrecision.Float8)]
    [InlineData("lora_b", "minimize=error", 0.01, ResizePrecision.BFloat16)]
    [InlineData("lora_c", "spn_lora=1", 0.1, ResizePrecision.Float16)]
    [InlineData("lora_c", "fro_lora=1", 0.001, ResizePrecision.Float16)]
    [InlineData("lora_c", "minimize=error", 0.3, ResizePrecision.Float32)]
    public void The_error_is_within_the_limit_and_that_of_the_next_smaller_file_is_not(string lora, string recipe, double limit, ResizePrecision precision)
    {
        ResizeResult result = Resize(lora, FormattableString.Invariant($"{recipe},error={limit}"), precision);
        Assert.True(result.RelativeError <= limit, $"{result.RelativeError}");

        // The recipe in the metadata is longer, and the header is padded to 8 bytes.
        long metadata = FormattableString.Invariant($"size={(result.Size - 1) / 1048576.0:R}").Length - FormattableString.Invariant($"error={limit}").Length;
        ResizeResult smaller = Resize(lora, FormattableString.Invariant($"{recipe},size={(result.Size - 9 + metadata) / 1048576.0:R}"), precision);
        Assert.True(smaller.Rank < result.Rank || smaller.Size < result.Size + metadata);
        Assert.True(smaller.RelativeError > limit, $"{smaller.RelativeError} with {smaller.Size} bytes, and {result.RelativeError} with {result.Size}");
    }

    [Fact]
    public void What_no_file_can_meet_is_an_error_and_nothing_is_written()
    {
        RunResult run = _session.Run("Invoke-LoraResize $args[0] -Recipe 'minimize=error,error=0.01' -Precision Float8 -Destination $args[1]", GoldenData.PathOf("lora_a"), _session.PathOf("out"));
        Assert.Equal("ErrorLimitTooSmall", Assert.IsType<ResizeLoraException>(Assert.Single(run.Errors).Exception).ErrorId);
        Assert.Empty(run.Output);
        Assert.False(Directory.Exists(_session.PathOf("out")) && Directory.EnumerateFileSystemEntries(_session.PathOf("out")).Any());
    }

    private ResizeResult Resize(string lora, string recipe, ResizePrecision precision) =>
        (ResizeResult)_session.RunOrThrow("Invoke-LoraResize $args[0] -Recipe $args[1] -Precision $args[2] -Destination $args[3] -Force -WarningAction Ignore", GoldenData.PathOf(lora), recipe, precision, _session.PathOf("out")).Single().BaseObject;
}
