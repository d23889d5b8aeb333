using ResizeLora.Norms;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Norms;

/// <summary>The environment belongs to the whole process, so these run while nothing else does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class EnvironmentTests
{
    public const string Name = "Environment";
}

[Collection(EnvironmentTests.Name)]
public sealed class CacheLocationTests : IDisposable
{
    private static readonly string[] Names = ["RESIZELORA_CACHE", "XDG_CACHE_HOME", "HOME"];

    private readonly string?[] _values = [.. Names.Select(Environment.GetEnvironmentVariable)];
    private readonly JobRecorder _host = new();

    public void Dispose()
    {
        foreach ((string name, string? value) in Names.Zip(_values))
            Environment.SetEnvironmentVariable(name, value);
    }

    [Fact]
    public void What_the_environment_names_is_resolved_as_what_a_user_types()
    {
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", "~/x");
        Assert.Equal("[~/x]", CacheLocation.Find(path => $"[{path}]", _host));
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void What_is_not_on_disk_is_no_cache_and_a_warning()
    {
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", "Env:x");
        Assert.Null(CacheLocation.Find(_ => null, _host));
        Assert.Contains("RESIZELORA_CACHE is 'Env:x'", Assert.Single(_host.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void Without_it_the_folder_is_the_user_s_cache(string? value)
    {
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", value);
        string folder = Find()!;
        Assert.True(Path.IsPathFullyQualified(folder));
        Assert.Equal("ResizeLora", Path.GetFileName(folder));
    }

    [UnixTheory]
    [InlineData("/xdg", "/xdg/ResizeLora")]
    [InlineData("relative", "/tmp/.cache/ResizeLora")]
    [InlineData("~/x", "/tmp/.cache/ResizeLora")]
    [InlineData("", "/tmp/.cache/ResizeLora")]
    [InlineData(null, "/tmp/.cache/ResizeLora")]
    public void Linux_s_own_variable_is_honoured_where_it_is_an_absolute_path(string? value, string expected)
    {
        if (!OperatingSystem.IsLinux())
            return;

        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", null);
        Environment.SetEnvironmentVariable("HOME", "/tmp");
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", value);
        Assert.Equal(expected, Find());
    }

    [UnixTheory]
    [InlineData("/no/such/home")]
    [InlineData("relative")]
    [InlineData(".")]
    public void Without_a_usable_home_there_is_no_cache_and_a_warning(string home)
    {
        Environment.SetEnvironmentVariable("RESIZELORA_CACHE", null);
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", null);
        Environment.SetEnvironmentVariable("HOME", home);
        Assert.Null(CacheLocation.Find(Path.GetFullPath, _host));
        Assert.Contains("no home folder", Assert.Single(_host.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_can_not_be_made_is_no_cache_and_a_warning()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], string.Empty);
        Assert.True(CacheLocation.Make(folder["a/b"], _host));
        Assert.True(Directory.Exists(folder["a/b"]));
        Assert.False(CacheLocation.Make(folder["file/b"], _host));
        Assert.Contains(folder["file/b"], Assert.Single(_host.Warnings), StringComparison.Ordinal);
    }

    private string? Find()
    {
        string? folder = CacheLocation.Find(Path.GetFullPath, _host);
        Assert.Empty(_host.Warnings);
        return folder;
    }
}
