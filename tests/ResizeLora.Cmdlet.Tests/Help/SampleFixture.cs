using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>The files of docs/quickstart-sample.ps1, made once.</summary>
public sealed class SampleFixture : IDisposable
{
    private readonly Bench _bench = new();

    public SampleFixture() => _bench.RunClean(". $args[0]; New-ResizeSample $args[1]", HelpSource.SampleScript, _bench.Folder);

    public void Dispose() => _bench.Dispose();

    /// <summary>Runs a script in a folder with these files and nothing else; it must write no errors, and no warning but that of the LoRA in which nothing can be saved, and that of a cache that is still empty.</summary>
    internal RunResult Run(string script)
    {
        using var bench = new Bench();
        foreach (string name in _bench.Names())
            File.Copy(_bench.PathOf(name), bench.PathOf(name));
        RunResult result = bench.Run(script);
        Assert.Empty(result.Errors);
        Assert.All(result.Warnings, warning => Assert.Matches("^(Nothing was saved in 1 file|The cache has no norms of)", warning));
        return result;
    }
}
