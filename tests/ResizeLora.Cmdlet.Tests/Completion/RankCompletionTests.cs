namespace ResizeLora.Cmdlet.Tests.Completion;

public sealed class RankCompletionTests : IDisposable
{
    private readonly CompletionBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("-Rank")]
    [InlineData("-MaxRank")]
    [InlineData("-RankMultiple")]
    public void Usual_ranks_are_offered(string parameter)
    {
        Assert.Equal(["8", "16", "32", "64", "128"], _bench.Texts($"Invoke-LoraResize style.safetensors {parameter} |"));
        Assert.Equal(["16", "128"], _bench.Texts($"Invoke-LoraResize style.safetensors {parameter} 1|"));
    }
}
