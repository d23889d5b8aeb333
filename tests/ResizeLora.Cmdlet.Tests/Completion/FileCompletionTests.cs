namespace ResizeLora.Cmdlet.Tests.Completion;

public sealed class FileCompletionTests : IDisposable
{
    private readonly CompletionBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Get-LoraSpectrum |")]
    [InlineData("Get-LoraSpectrum -LiteralPath |")]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint |")]
    [InlineData("Invoke-LoraResize |")]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint |")]
    [InlineData("Clear-SpectralNormCache |")]
    public void Safetensors_files_and_folders_are_offered_and_nothing_else(string line) =>
        Assert.Equal(["base.safetensors", "broken.safetensors", "folder", "style.safetensors"], _bench.Complete(line).Select(result => result.ListItemText).Where(name => name != "cache"));

    [Theory]
    [InlineData("Get-LoraSpectrum style.safetensors -Checkpoint q|")]
    [InlineData("Invoke-LoraResize style.safetensors -Checkpoint q|")]
    [InlineData("Clear-SpectralNormCache q|")]
    public void Only_checkpoints_may_be_GGUF(string line)
    {
        File.WriteAllText(_bench.PathOf("q4.GGUF"), "");
        Assert.Equal("q4.GGUF", Assert.Single(_bench.Complete(line)).ListItemText);
        Assert.Empty(_bench.Complete("Get-LoraSpectrum q|"));
        Assert.Empty(_bench.Complete("Invoke-LoraResize -LiteralPath q|"));
    }

    [Fact]
    public void A_destination_is_a_folder() =>
        Assert.Equal(["folder"], _bench.Complete("Invoke-LoraResize style.safetensors -Destination |").Select(result => result.ListItemText).Where(name => name != "cache"));

    [Fact]
    public void An_output_is_in_a_folder_and_no_file_that_exists() =>
        Assert.Equal(["folder"], _bench.Complete("Invoke-LoraResize style.safetensors -OutFile |").Select(result => result.ListItemText).Where(name => name != "cache"));

    [Theory]
    [InlineData("Invoke-LoraResize -OutFile '{|", "'{folder}", "'{name}", "'{recipe}")]
    [InlineData("Invoke-LoraResize -OutFile 'out/{n|", "'out/{name}")]
    [InlineData("Invoke-LoraResize -OutFile 'out/{name}-{|", "'out/{name}-{name}", "'out/{name}-{recipe}")]
    public void After_a_brace_come_place_holders(string line, params string[] expected) => Assert.Equal(expected, _bench.Texts(line));

    [Theory]
    [InlineData("New-ResizeRecipe -SpnCkpt 1 -Size |")]
    [InlineData("New-ResizeRecipe -SpnCkpt |")]
    [InlineData("New-ResizeRecipe -SpnCkpt 1 -Threshold |")]
    [InlineData("Clear-SpectralNormCache -Sha256 |")]
    public void Where_no_path_can_be_meant_none_is_offered(string line) => Assert.Empty(_bench.Complete(line));

    [Fact]
    public void Hashes_of_the_cache_are_offered_with_the_names_of_checkpoints()
    {
        string sha256 = _bench.FillCache();

        System.Management.Automation.CompletionResult only = Assert.Single(_bench.Complete($"Clear-SpectralNormCache -Sha256 {sha256[..3]}|"));
        Assert.Equal((sha256, "base.safetensors"), (only.CompletionText, only.ToolTip));
    }

    [Fact]
    public void Parameters_say_what_they_are_for() =>
        Assert.Contains("The folder for the outputs", Assert.Single(_bench.Complete("Invoke-LoraResize -Dest|")).ToolTip, StringComparison.Ordinal);

    [Fact]
    public void What_was_typed_narrows_it() =>
        Assert.Equal("style.safetensors", Assert.Single(_bench.Complete("Invoke-LoraResize -Checkpoint st|")).ListItemText);

    [Fact]
    public void Names_with_spaces_are_quoted()
    {
        File.WriteAllText(_bench.PathOf("my base.safetensors"), "");

        string text = Assert.Single(_bench.Texts("Invoke-LoraResize -Checkpoint my|"));

        Assert.Equal($"'.{Path.DirectorySeparatorChar}my base.safetensors'", text);
    }

    [Fact]
    public void Brackets_are_escaped_only_where_wildcards_are_taken()
    {
        File.WriteAllText(_bench.PathOf("x[1].safetensors"), "");

        Assert.Contains("x`[1`].safetensors", Assert.Single(_bench.Texts("Get-LoraSpectrum x|")), StringComparison.Ordinal);
        Assert.Contains("x[1].safetensors", Assert.Single(_bench.Texts("Get-LoraSpectrum -LiteralPath x|")), StringComparison.Ordinal);
        Assert.Contains("x[1].safetensors", Assert.Single(_bench.Texts("Invoke-LoraResize -Checkpoint x|")), StringComparison.Ordinal);
    }
}
