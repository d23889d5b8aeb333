using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Folder;

/// <summary>Paths mean what they mean to every cmdlet.</summary>
public sealed class PathBindingTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("my [best] style.safetensors")]
    [InlineData("style [1].safetensors")]
    [InlineData("a*b`c.safetensors")]
    [InlineData("стиль 🎨.safetensors")]
    public void Files_from_Get_ChildItem_are_taken_literally(string name)
    {
        string path = _bench.AddLora(name);

        ResizeResult result = _bench.RunClean("Get-ChildItem | Where-Object Name -ne cache | Invoke-LoraResize -Recipe $args[0]", Bench.ByItself).Only<ResizeResult>();

        Assert.Equal(path, result.SourcePath);
        Assert.True(File.Exists(result.Path));
        Assert.Equal(4, _bench.RunClean("Get-ChildItem -LiteralPath $args[0] | Get-LoraSpectrum", name).Output.Count);
    }

    [Fact]
    public void Path_takes_wildcards_and_LiteralPath_takes_none()
    {
        _bench.AddLora("style1.safetensors");
        string literal = _bench.AddLora("style[1].safetensors");

        Assert.Equal(_bench.PathOf("style1.safetensors"), _bench.RunClean("Get-LoraSpectrum 'style[1].safetensors' | Select-Object -First 1").Only<DecomposedLayer>().Path);
        Assert.Equal(literal, _bench.RunClean("Get-LoraSpectrum -LiteralPath 'style[1].safetensors' | Select-Object -First 1").Only<DecomposedLayer>().Path);
        Assert.Equal(literal, _bench.RunClean("Get-LoraSpectrum -LP 'style[1].safetensors' | Select-Object -First 1").Only<DecomposedLayer>().Path);
    }

    [Theory]
    [InlineData("Get-LoraSpectrum", "my [q.safetensors")]
    [InlineData("Get-LoraInfo", "my [q.safetensors")]
    [InlineData("Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3'", "my [q.safetensors")]
    [InlineData("Get-LoraInfo", "[")]
    public void A_bracket_that_is_not_closed_is_an_error_of_its_path_only(string cmdlet, string name)
    {
        _bench.AddLora("a.safetensors");
        RunResult result = _bench.Run($"'{name}', 'a.safetensors' | {cmdlet} | Select-Object -First 1");

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("InvalidWildcard", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions(name, "bracket", "-LiteralPath");
        Assert.Single(result.Output);

        _bench.AddLora(name);
        _bench.RunFailing($"Get-LoraInfo '{name}'").Is("InvalidWildcard", ErrorCategory.InvalidArgument).Mentions("a file of exactly this name");
        Assert.Single(_bench.RunClean($"Get-LoraInfo -LiteralPath '{name}'").Output);
    }

    [Fact]
    public void Text_in_the_pipeline_is_a_path()
    {
        _bench.AddLora("a.safetensors");
        _bench.AddLora("b.safetensors");

        Assert.Equal(2, _bench.RunClean("'a.safetensors', 'b.*' | Invoke-LoraResize -Recipe $args[0]", Bench.ByItself).Output.Count);
    }

    [Fact]
    public void Relative_paths_follow_the_location_of_the_session()
    {
        string lora = _bench.AddLora("sub/style.safetensors");
        _bench.AddCheckpoint("sub/base.safetensors");
        Assert.NotEqual(_bench.PathOf("sub"), Environment.CurrentDirectory);

        ResizeResult result = _bench.RunClean("Set-Location sub; Invoke-LoraResize style.safetensors -Checkpoint ./base.safetensors -Destination out").Only<ResizeResult>();

        Assert.Equal(lora, result.SourcePath);
        Assert.Equal(_bench.PathOf("sub/out"), Path.GetDirectoryName(result.Path));
    }

    [Fact]
    public void Drives_of_the_session_are_known()
    {
        string lora = _bench.AddLora("sub/style.safetensors");

        RunResult result = _bench.RunClean("$null = $ExecutionContext.SessionState.Drive.New([System.Management.Automation.PSDriveInfo]::new('Loras', (Get-Location).Provider, $args[0], '', $null), 'local'); Invoke-LoraResize Loras:/style.safetensors -Recipe $args[1] -Destination Loras:/out", _bench.PathOf("sub"), Bench.ByItself);

        Assert.Equal(lora, result.Only<ResizeResult>().SourcePath);
        Assert.Single(_bench.Names("sub/out"));
    }

    [Fact]
    public void Results_can_be_piped_on()
    {
        _bench.AddLora();

        IReadOnlyList<DecomposedLayer> layers = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0] | Get-LoraSpectrum", Bench.ByItself).OutputAs<DecomposedLayer>();

        Assert.NotEmpty(layers);
        Assert.All(layers, layer => Assert.Equal(_bench.PathOf("style_spnlora1_th-0.3.safetensors"), layer.Path));
    }
}
