using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Cache;

/// <summary>RESIZELORA_CACHE is a path as users type it: home, location and drives are those of the session.</summary>
public sealed class CacheLocationTests : IDisposable
{
    private readonly Bench _bench = new();

    public CacheLocationTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("norms", "norms")]
    [InlineData("./a/../norms", "norms")]
    [InlineData("[1]", "[1]")]
    [InlineData("Here:/norms", "norms")]
    public void It_is_resolved_as_the_shell_does(string value, string folder)
    {
        _bench.RunClean("$state = $ExecutionContext.SessionState; $null = $state.Drive.New([System.Management.Automation.PSDriveInfo]::new('Here', $state.Provider.GetOne('FileSystem'), $args[0], $null, $null), 'Global')", _bench.Folder);
        Set(value);

        _bench.RunClean("$null = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors");

        Assert.Single(Directory.EnumerateFiles(_bench.PathOf(folder), "*.json"));
        Assert.Single(_bench.RunClean("Get-SpectralNormCache").Output);
        _bench.RunClean("Clear-SpectralNormCache base.safetensors");
        Assert.Empty(Directory.EnumerateFiles(_bench.PathOf(folder), "*.json"));
    }

    [Fact]
    public void A_tilde_is_the_home_folder()
    {
        string home = _bench.RunClean("$ExecutionContext.SessionState.Provider.GetOne('FileSystem').Home").Only<string>();
        string name = Path.GetRandomFileName();
        Set($"~/{name}");
        try
        {
            _bench.RunClean("$null = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors");
            Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(home, name), "*.json"));
            Assert.False(Directory.Exists(_bench.PathOf("~")));
        }
        finally
        {
            Directory.Delete(Path.Combine(home, name), recursive: true);
        }
    }

    [Theory]
    [InlineData("Env:norms")]
    [InlineData("NoSuchDrive:/norms")]
    public void What_is_not_on_disk_is_one_warning_and_no_cache(string value)
    {
        IReadOnlyList<string> before = _bench.Listing();
        Set(value);

        AssertOneWarning("$null = Get-LoraSpectrum style.safetensors, style.safetensors -Checkpoint base.safetensors", value);
        AssertOneWarning("$null = Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -WhatIf", value);
        AssertOneWarning("Get-SpectralNormCache", value);
        AssertOneWarning("'a', 'b' | Clear-SpectralNormCache", value);
        Assert.Equal(before, _bench.Listing());
    }

    [UnixTheory]
    [InlineData("/no/such/home", "no home folder")]
    [InlineData("home", "no home folder")]
    [InlineData("/proc", "can't be made")]
    public void Without_a_usable_home_there_is_one_warning_and_no_cache_in_the_folder_that_the_process_stands_in(string home, string reason)
    {
        string[] before = Directory.GetFileSystemEntries(Environment.CurrentDirectory);
        (string Name, string? Value)[] values = [.. new[] { "HOME", "XDG_CACHE_HOME" }.Select(name => (name, Environment.GetEnvironmentVariable(name)))];
        try
        {
            _bench.RunClean("$env:RESIZELORA_CACHE = $env:XDG_CACHE_HOME = $null; $env:HOME = $args[0]", home);

            RunResult result = _bench.Run("Get-LoraSpectrum style.safetensors, style.safetensors -Checkpoint base.safetensors");

            Assert.Empty(result.Errors);
            Assert.Equal(8, result.Output.Count);
            Assert.Contains(reason, Assert.Single(result.Warnings), StringComparison.Ordinal);
            Assert.Equal(before, Directory.GetFileSystemEntries(Environment.CurrentDirectory));
        }
        finally
        {
            Array.ForEach(values, pair => Environment.SetEnvironmentVariable(pair.Name, pair.Value));
        }
    }

    private void Set(string value) => _bench.RunClean("$env:RESIZELORA_CACHE = $args[0]", value);

    private void AssertOneWarning(string script, string value)
    {
        RunResult result = _bench.Run(script);
        Assert.Empty(result.Errors);
        Assert.Contains(value, Assert.Single(result.Warnings, warning => warning.Contains("norm cache", StringComparison.Ordinal)), StringComparison.Ordinal);
    }
}
