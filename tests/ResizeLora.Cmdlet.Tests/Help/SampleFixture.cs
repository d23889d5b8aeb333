using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>The files of docs/quickstart-sample.ps1, made once.</summary>
public sealed class SampleFixture : IDisposable
{
    private readonly Bench _bench = new();

    public SampleFixture() => _bench.RunClean(". $args[0]; New-ResizeSample $args[1]", HelpSource.SampleScript, _bench.Folder);

    public void Dispose() => _bench.Dispose();

    /// <summary>
    /// Runs an example in a folder with these files and nothing else; it must write no errors, and no warning but that of the
    /// LoRA in which nothing can be saved, and that of a cache that is still empty.
    /// </summary>
    /// <param name="code">The example.</param>
    /// <param name="document">The document that shows what it prints; null where none does.</param>
    internal void Run(string code, string? document = null)
    {
        var host = new RecordingHost(ExampleOutput.Width);
        using var bench = new Bench(host);
        foreach (string name in _bench.Names())
            File.Copy(_bench.PathOf(name), bench.PathOf(name));

        RunResult result = bench.RunInConsole(code);

        Assert.Empty(result.Errors);
        Assert.All(result.Warnings, warning => Assert.Matches("^(1 file (did|would) not get smaller|The cache has no norms for)", warning));
        if (document is not null)
            ExampleOutput.Compare(document, code, host.Take(), bench.Folder);
    }
}
