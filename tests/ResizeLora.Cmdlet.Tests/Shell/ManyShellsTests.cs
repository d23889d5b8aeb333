using System.Diagnostics;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>Eight shells with the real engine that start at the same moment.</summary>
public sealed class ManyShellsTests : IDisposable
{
    private const int Many = 8;

    // Each loads the module and then waits for a word, so that all begin together.
    private const string Script = """
        param($Manifest, $Lora, $Recipe)
        $ErrorActionPreference = 'Continue'
        Import-Module $Manifest
        $null = Get-Command Invoke-LoraResize
        'ready'
        $null = [Console]::In.ReadLine()
        Invoke-LoraResize $Lora -Checkpoint base.safetensors -Recipe $Recipe -Destination out -ErrorVariable problems -ErrorAction SilentlyContinue -WarningVariable warnings |
            ForEach-Object Name
        $problems | ForEach-Object { "$($_.CategoryInfo.Category)" }
        $warnings | ForEach-Object { "warning: $_" }
        """;

    private readonly ShellProcess _shell = new();

    private string Cache => Path.Combine(_shell.Folder, "cache");

    private string Out => Path.Combine(_shell.Folder, "out");

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void With_one_folder_one_checkpoint_and_one_cold_cache_all_succeed_and_no_norm_is_wrong()
    {
        using var alone = new Bench();
        string checkpoint = SampleModel.Checkpoint().Write(PathOf("base.safetensors"));
        File.Copy(checkpoint, alone.PathOf("base.safetensors"));
        for (int i = 0; i < Many; i++)
            File.Copy(SampleModel.Lora(i).Write(PathOf($"style{i}.safetensors")), alone.PathOf($"style{i}.safetensors"));

        string[] outputs = RunTogether(i => $"style{i}.safetensors", "spn_ckpt=1,thr=-1.2");

        Assert.Equal(Enumerable.Range(0, Many).Select(i => $"style{i}_spnckpt1_th-1.2.safetensors"), outputs);
        alone.RunClean("Invoke-LoraResize style*.safetensors -Checkpoint base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' -Destination out");
        Assert.All(outputs, name => Assert.Equal(Bench.Hash(alone.PathOf($"out/{name}")), Bench.Hash(Path.Combine(Out, name))));
        Assert.Equal(Many, Directory.GetFileSystemEntries(Out).Length);
        Assert.Equal(Norms(alone.Cache, checkpoint), Norms(Cache, checkpoint));
        Assert.Equal(SampleModel.LayerNames.Count, Norms(Cache, checkpoint).Count);
    }

    [Fact]
    public void That_want_the_same_output_one_gets_it_and_the_others_are_told()
    {
        SampleModel.Checkpoint().Write(PathOf("base.safetensors"));
        SampleModel.Lora().Write(PathOf("style.safetensors"));

        string[] outputs = RunTogether(_ => "style.safetensors", "spn_lora=1,thr=-0.3");

        Assert.Equal([.. Enumerable.Repeat("ResourceExists", Many - 1), "style_spnlora1_th-0.3.safetensors"], outputs.Order(StringComparer.Ordinal));
        Assert.Single(Directory.GetFileSystemEntries(Out));
    }

    private static SortedDictionary<string, MatrixNorms> Norms(string cache, string checkpoint)
    {
        var host = new JobRecorder();
        IReadOnlyDictionary<string, MatrixNorms> norms = new NormCache(cache, host).Load(Bench.Hash(checkpoint));
        Assert.Empty(host.Warnings);
        return new(norms.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    /// <returns>What each has written, after it was ready.</returns>
    private string[] RunTogether(Func<int, string> lora, string recipe)
    {
        string script = _shell.Script(Script);
        Process[] shells = [.. Enumerable.Range(0, Many).Select(i => _shell.Start(
            [new(NormCache.FolderVariable, Cache)],
            script,
            BuiltModule.Manifest,
            lora(i),
            recipe))];
        try
        {
            foreach (Process shell in shells)
                Assert.Equal("ready", shell.StandardOutput.ReadLine());
            Array.ForEach(shells, shell => shell.StandardInput.WriteLine());
            return [.. shells.Select(shell => shell.StandardOutput.ReadToEnd().Trim() + shell.StandardError.ReadToEnd())];
        }
        finally
        {
            foreach (Process shell in shells)
            {
                shell.Kill(entireProcessTree: true);
                shell.Dispose();
            }
        }
    }

    private string PathOf(string name) => Path.Combine(_shell.Folder, name);
}
