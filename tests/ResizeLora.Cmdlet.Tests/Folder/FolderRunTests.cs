using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Folder;

/// <summary>The line of the README, in a folder as people have it: with the checkpoint, LoRAs and results of an earlier run.</summary>
public sealed class FolderRunTests : IDisposable
{
    private const string Line = "Get-ChildItem *.safetensors | Invoke-LoraResize -Checkpoint base.safetensors";

    private readonly Bench _bench = new();

    public FolderRunTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora("a.safetensors", 2);
        _bench.AddLora("b.safetensors", 3);
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Every_lora_is_resized_beside_its_input()
    {
        RunResult result = _bench.RunClean(Line);

        Assert.Equal(["a_spnckpt1_th-1.2.safetensors", "b_spnckpt1_th-1.2.safetensors"], result.OutputAs<ResizeResult>().Select(item => item.Name));
        Assert.All(result.OutputAs<ResizeResult>(), item => Assert.Equal(_bench.Folder, Path.GetDirectoryName(item.Path)));
        Assert.All(result.OutputAs<ResizeResult>(), item => Assert.InRange(item.Rank, 1, item.SourceRank - 1));
    }

    [Theory]
    [InlineData("Get-ChildItem *.safetensors | Invoke-LoraResize -Checkpoint base.safetensors -Verbose")]
    [InlineData("Invoke-LoraResize *.safetensors -Checkpoint base.safetensors -Verbose")]
    [InlineData("Get-ChildItem *.safetensors | Get-LoraSpectrum -Checkpoint base.safetensors -Verbose")]
    public void Checkpoint_is_skipped_and_verbose_says_so(string script) =>
        Assert.Single(_bench.RunClean(script).Verbose, message => message.Contains(_bench.PathOf("base.safetensors"), StringComparison.Ordinal) && message.Contains("skipped", StringComparison.Ordinal));

    [Theory]
    [InlineData("Get-ChildItem *.safetensors | Invoke-LoraResize -Checkpoint link.safetensors")]
    [InlineData("Get-ChildItem *.safetensors | Get-LoraSpectrum -Checkpoint link.safetensors | Invoke-LoraResize")]
    public void Checkpoint_behind_a_link_is_skipped_too(string script)
    {
        File.CreateSymbolicLink(_bench.PathOf("link.safetensors"), _bench.PathOf("base.safetensors"));

        Assert.Equal(2, _bench.RunClean(script).Output.Count);
    }

    [Theory]
    [InlineData("link/base.safetensors")]
    [InlineData("./sub/../base.safetensors")]
    public void Checkpoint_that_is_named_on_a_roundabout_way_is_skipped_too(string checkpoint)
    {
        Directory.CreateDirectory(_bench.PathOf("sub"));
        Directory.CreateSymbolicLink(_bench.PathOf("link"), _bench.Folder);

        Assert.Equal(2, _bench.RunClean("Invoke-LoraResize *.safetensors -Checkpoint $args[0]", checkpoint).Output.Count);
    }

    [Fact]
    public void Results_of_an_earlier_run_are_skipped_with_one_warning()
    {
        _bench.RunClean(Line);

        RunResult result = _bench.Run(Line + " -Force");

        Assert.Empty(result.Errors);
        string warning = Assert.Single(result.Warnings);
        Assert.Contains("2 files", warning, StringComparison.Ordinal);
        Assert.Contains("-IncludeResized", warning, StringComparison.Ordinal);
        Assert.Equal(["a_spnckpt1_th-1.2.safetensors", "b_spnckpt1_th-1.2.safetensors"], result.OutputAs<ResizeResult>().Select(item => item.Name));
    }

    [Fact]
    public void IncludeResized_resizes_them_again()
    {
        _bench.RunClean(Line);

        RunResult result = _bench.RunClean("Get-ChildItem *_th-1.2.safetensors | Invoke-LoraResize -Recipe $args[0] -IncludeResized", Bench.ByItself);

        Assert.Equal(["a_spnckpt1_th-1.2_spnlora1_th-0.3.safetensors", "b_spnckpt1_th-1.2_spnlora1_th-0.3.safetensors"], result.OutputAs<ResizeResult>().Select(item => item.Name));
    }

    [Fact]
    public void Second_run_into_the_same_folder_leaves_what_is_there()
    {
        _bench.RunClean(Line);
        IReadOnlyList<string> before = _bench.Listing();

        RunResult result = _bench.Run(Line);

        Assert.Equal(2, result.Errors.Count);
        Assert.All(result.Errors, error => Assert.StartsWith("OutputExists,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal(before, _bench.Listing());
    }

    [Fact]
    public void Folders_among_the_files_are_passed_over_quietly()
    {
        Directory.CreateDirectory(_bench.PathOf("folder.d"));
        RunResult result = _bench.RunClean("Get-ChildItem | Where-Object Name -ne cache | Invoke-LoraResize -Checkpoint base.safetensors -Verbose");

        Assert.Equal(2, result.Output.Count);
        Assert.Single(result.Verbose, message => message.Contains(_bench.PathOf("folder.d"), StringComparison.Ordinal) && message.Contains("skipped", StringComparison.Ordinal));
        Assert.Equal(8, _bench.RunClean("Get-ChildItem | Where-Object Name -notlike *_th* | Where-Object Name -ne cache | Get-LoraSpectrum -Checkpoint base.safetensors").Output.Count);
    }

    [Theory]
    [InlineData("out")]
    [InlineData("deep/below/out")]
    [InlineData("out [1]")]
    public void Destination_is_made(string destination)
    {
        RunResult result = _bench.RunClean(Line + " -Destination $args[0]", destination);

        Assert.Equal(["a_spnckpt1_th-1.2.safetensors", "b_spnckpt1_th-1.2.safetensors"], _bench.Names(destination));
        Assert.All(result.OutputAs<ResizeResult>(), item => Assert.Equal(_bench.PathOf(destination), Path.GetDirectoryName(item.Path)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" -Destination out")]
    public void WhatIf_writes_nothing(string parameters)
    {
        IReadOnlyList<string> before = _bench.Listing();

        RunResult result = _bench.RunClean(Line + " -WhatIf" + parameters);

        Assert.Empty(result.Output);
        Assert.Equal(before, _bench.Listing());
    }

    [Fact]
    public void Several_recipes_make_several_outputs_of_each()
    {
        RunResult result = _bench.RunClean(Line + " -Recipe 'spn_ckpt=1,thr=-1.2:spn_lora=1,size=0.012' -Destination out");

        Assert.Equal(4, result.Output.Count);
        Assert.Equal(result.OutputAs<ResizeResult>().Select(item => item.Name).Order(StringComparer.Ordinal), _bench.Names("out"));
    }
}
