using ResizeLora.Norms;

namespace ResizeLora.Core.Tests.Norms;

/// <summary>The environment belongs to the whole process, so these run while nothing else does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class EnvironmentTests
{
    public const string Name = "Environment";
}

[Collection(EnvironmentTests.Name)]
public sealed class NormCacheFolderTests : IDisposable
{
    private readonly string? _folder = Environment.GetEnvironmentVariable("RESIZELORA_CACHE");
    private readonly string? _xdg = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", _folder);
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _xdg);
    }

    [Fact]
    public void The_environment_variable_names_the_folder()
    {
        string folder = Path.Combine(Path.GetTempPath(), "some", "cache");
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", folder);
        Assert.Equal(folder, NormCache.DefaultFolder());
    }

    [Fact]
    public void A_relative_folder_is_made_absolute()
    {
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", "cache");
        Assert.Equal(Path.GetFullPath("cache"), NormCache.DefaultFolder());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_it_the_folder_is_the_user_s_cache(string? value)
    {
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", value);
        Assert.True(Path.IsPathFullyQualified(NormCache.DefaultFolder()));
        Assert.Equal("ResizeLora", Path.GetFileName(NormCache.DefaultFolder()));
    }

    [Fact]
    public void Linux_s_own_variable_is_honoured()
    {
        if (!OperatingSystem.IsLinux())
            return;

        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", null);
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", "/xdg");
        Assert.Equal("/xdg/ResizeLora", NormCache.DefaultFolder());
    }
}
