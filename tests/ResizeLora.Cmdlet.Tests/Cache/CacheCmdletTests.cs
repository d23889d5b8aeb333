using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Cache;

/// <summary>Get- and Clear-SpectralNormCache.</summary>
public sealed class CacheCmdletTests : IDisposable
{
    private readonly Bench _bench = new();

    public CacheCmdletTests()
    {
        _bench.AddCheckpoint("first.safetensors", 1);
        _bench.AddCheckpoint("second.safetensors", 2);
        _bench.AddLora();
        _bench.RunClean("Get-LoraSpectrum style.safetensors -Checkpoint first.safetensors; Get-LoraSpectrum style.safetensors -Checkpoint second.safetensors");
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Entries_tell_which_checkpoint_they_are_of()
    {
        IReadOnlyList<NormCacheEntry> entries = _bench.RunClean("Get-SpectralNormCache | Sort-Object Name").OutputAs<NormCacheEntry>();

        Assert.Equal([("first.safetensors", 4), ("second.safetensors", 4)], entries.Select(entry => (entry.Name, entry.LayerCount)));
        Assert.Equal(entries.Select(entry => entry.Sha256), new[] { "first.safetensors", "second.safetensors" }.Select(name => Bench.Hash(_bench.PathOf(name))));
        Assert.All(entries, entry => Assert.True(File.Exists(entry.Path)));
    }

    [Fact]
    public void Empty_cache_has_no_entries()
    {
        Directory.Delete(_bench.Cache, recursive: true);

        Assert.Empty(_bench.RunClean("Get-SpectralNormCache").Output);
        Assert.Empty(_bench.RunClean("Clear-SpectralNormCache -PassThru").Output);
    }

    [Fact]
    public void All_are_removed()
    {
        Assert.Empty(_bench.RunClean("Clear-SpectralNormCache").Output);

        Assert.Empty(Remaining());
    }

    [Theory]
    [InlineData("Clear-SpectralNormCache first.safetensors")]
    [InlineData("Clear-SpectralNormCache -Checkpoint ./first.safetensors")]
    [InlineData("'first.safetensors' | Clear-SpectralNormCache")]
    [InlineData("Get-ChildItem first.safetensors | Clear-SpectralNormCache")]
    [InlineData("Get-SpectralNormCache | Where-Object Name -eq first.safetensors | Clear-SpectralNormCache")]
    [InlineData("Copy-Item first.safetensors copy.safetensors; Clear-SpectralNormCache copy.safetensors")]
    public void Those_of_one_checkpoint_are_removed(string script)
    {
        _bench.RunClean(script);

        Assert.Equal(["second.safetensors"], Remaining());
    }

    [Theory]
    [InlineData(12)]
    [InlineData(5)]
    [InlineData(64)]
    public void First_digits_of_the_hash_will_do(int digits)
    {
        string sha256 = Bench.Hash(_bench.PathOf("first.safetensors"))[..digits];
        _bench.RunClean("Clear-SpectralNormCache -Sha256 $args[0].ToUpperInvariant()", sha256);

        Assert.Equal(["second.safetensors"], Remaining());
    }

    [Fact]
    public void Digits_of_none_or_of_several_are_an_error()
    {
        string[] hashes = [.. new[] { "first.safetensors", "second.safetensors" }.Select(name => Bench.Hash(_bench.PathOf(name)))];
        string folder = _bench.Cache;
        _bench.RunFailing("Clear-SpectralNormCache -Sha256 abcxyz").Is("CacheEntryNotFound", ErrorCategory.ObjectNotFound).LetsTheCallGoOn().Mentions("abcxyz");

        // A third entry that begins like the first one.
        string twin = hashes[0][..63] + (hashes[0][63] == '0' ? '1' : '0');
        new ResizeLora.Norms.NormCache(folder, new JobRecorder()).Save(twin, "twin.safetensors", new Dictionary<string, ResizeLora.Engine.MatrixNorms> { ["a"] = new(1, 1) });
        _bench.RunFailing("Clear-SpectralNormCache -Sha256 $args[0]", hashes[0][..12]).Is("CacheEntryAmbiguous", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions("first.safetensors", "twin.safetensors");
        Assert.Equal(3, Remaining().Count());

        _bench.RunClean("Clear-SpectralNormCache -Sha256 \"$($args[0])*\"", hashes[0][..12]);
        _bench.RunClean("Clear-SpectralNormCache -Sha256 zz*");
        Assert.Equal(["second.safetensors"], Remaining());
    }

    [Fact]
    public void A_checkpoint_without_norms_is_said_to_have_none()
    {
        _bench.AddCheckpoint("third.safetensors", 3);

        Assert.Contains("third.safetensors", Assert.Single(_bench.Run("Clear-SpectralNormCache third.safetensors").Warnings), StringComparison.Ordinal);
        Assert.Equal(2, Remaining().Count());
    }

    [Fact]
    public void PassThru_emits_what_was_removed()
    {
        Assert.Equal("first.safetensors", _bench.RunClean("Clear-SpectralNormCache first.safetensors -PassThru").Only<NormCacheEntry>().Name);
        Assert.Equal("second.safetensors", _bench.RunClean("Clear-SpectralNormCache -PassThru").Only<NormCacheEntry>().Name);
    }

    [Theory]
    [InlineData("Clear-SpectralNormCache -WhatIf -PassThru")]
    [InlineData("Clear-SpectralNormCache first.safetensors -WhatIf -PassThru")]
    public void WhatIf_removes_nothing(string script)
    {
        Assert.Empty(_bench.RunClean(script).Output);

        Assert.Equal(["first.safetensors", "second.safetensors"], Remaining());
    }

    [Fact]
    public void Missing_checkpoint_is_an_error_and_the_others_are_removed()
    {
        RunResult result = _bench.Run("Clear-SpectralNormCache missing.safetensors, first.safetensors");

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("FileNotFound", ErrorCategory.ObjectNotFound).LetsTheCallGoOn().Mentions("missing.safetensors");
        Assert.Equal(["second.safetensors"], Remaining());
    }

    [Fact]
    public void Nothing_else_in_the_folder_is_removed()
    {
        string stranger = Path.Combine(_bench.Cache, "notes.json");
        File.WriteAllText(stranger, "{}");

        _bench.RunClean("Clear-SpectralNormCache");

        Assert.True(File.Exists(stranger));
    }

    private IEnumerable<string> Remaining() => _bench.RunClean("Get-SpectralNormCache").OutputAs<NormCacheEntry>().Select(entry => entry.Name).Order(StringComparer.Ordinal);
}
