using System.Text.Json.Nodes;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Cache;

/// <summary>Norms of a checkpoint are computed once, and known again by the checkpoint's content.</summary>
public sealed class NormCacheTests : IDisposable
{
    private const string Spectrum = "Get-LoraSpectrum style.safetensors -Checkpoint $args[0] | Where-Object Name -eq $args[1]";

    private readonly Bench _bench = new();

    public NormCacheTests()
    {
        _bench.AddCheckpoint();
        _bench.AddLora();
    }

    private string CacheFile => Assert.Single(Directory.EnumerateFiles(_bench.Cache, "*.json"));

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Second_run_leaves_the_cache_file_and_finds_the_same()
    {
        DecomposedLayer first = Norms("base.safetensors");
        File.SetLastWriteTimeUtc(CacheFile, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        string before = Bench.Hash(CacheFile);

        DecomposedLayer second = Norms("base.safetensors");

        Assert.Equal(before, Bench.Hash(CacheFile));
        Assert.Equal(2020, File.GetLastWriteTimeUtc(CacheFile).Year);
        Assert.Equal(first.BaseSpectralNorm, second.BaseSpectralNorm);
        Assert.Equal(first.BaseFrobeniusNorm, second.BaseFrobeniusNorm);
    }

    [Fact]
    public void Second_run_computes_nothing()
    {
        Norms("base.safetensors");
        Mark();

        Assert.True(IsMarked(Norms("base.safetensors")));
    }

    [Fact]
    public void Resizing_uses_what_the_spectrum_has_found()
    {
        Norms("base.safetensors");
        string before = Bench.Hash(CacheFile);
        File.SetLastWriteTimeUtc(CacheFile, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        _bench.RunClean("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors");

        Assert.Equal(before, Bench.Hash(CacheFile));
        Assert.Equal(2020, File.GetLastWriteTimeUtc(CacheFile).Year);
    }

    [Fact]
    public void Copy_of_the_checkpoint_at_another_path_hits()
    {
        Norms("base.safetensors");
        Mark();
        Directory.CreateDirectory(_bench.PathOf("elsewhere"));
        File.Copy(_bench.PathOf("base.safetensors"), _bench.PathOf("elsewhere/renamed.safetensors"));

        Assert.True(IsMarked(Norms("elsewhere/renamed.safetensors")));
        Assert.Single(_bench.RunClean("Get-SpectralNormCache").Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Changed_content_misses(bool withTheSameTime)
    {
        DecomposedLayer first = Norms("base.safetensors");
        Mark();
        DateTime time = File.GetLastWriteTimeUtc(_bench.PathOf("base.safetensors"));
        _bench.AddCheckpoint(seed: 6);
        if (withTheSameTime)
            File.SetLastWriteTimeUtc(_bench.PathOf("base.safetensors"), time);

        DecomposedLayer second = Norms("base.safetensors");

        Assert.False(IsMarked(second));
        Assert.NotEqual(first.BaseSpectralNorm, second.BaseSpectralNorm);
        Assert.Equal(2, _bench.RunClean("Get-SpectralNormCache").Output.Count);
    }

    [Fact]
    public void Wrong_digit_is_one_warning_and_rebuilt()
    {
        DecomposedLayer expected = Norms("base.safetensors");
        string digits = $"{expected.BaseSpectralNorm}";
        File.WriteAllText(CacheFile, File.ReadAllText(CacheFile).Replace(digits, digits.Replace('.', '1'), StringComparison.Ordinal));

        RunResult result = _bench.Run(Spectrum, "base.safetensors", SampleModel.Unet);

        Assert.Contains(CacheFile, Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal(expected.BaseSpectralNorm, result.Only<DecomposedLayer>().BaseSpectralNorm);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ this is no JSON")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{ \"format\": 99 }")]
    public void Corrupt_cache_file_is_one_warning_and_rebuilt(string content)
    {
        DecomposedLayer expected = Norms("base.safetensors");
        string file = CacheFile;
        File.WriteAllText(file, content);

        RunResult result = _bench.Run(Spectrum, "base.safetensors", SampleModel.Unet);

        Assert.Empty(result.Errors);
        Assert.Contains(file, Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal(expected.BaseSpectralNorm, result.Only<DecomposedLayer>().BaseSpectralNorm);
        Assert.Equal(expected.BaseSpectralNorm, Norms("base.safetensors").BaseSpectralNorm);
    }

    [Theory]
    [InlineData(-1.0)]
    [InlineData(1e9)]
    public void Impossible_norms_are_not_believed(double spectral)
    {
        DecomposedLayer expected = Norms("base.safetensors");
        Edit(norms => norms["spectral"] = spectral);

        RunResult result = _bench.Run(Spectrum, "base.safetensors", SampleModel.Unet);

        Assert.Equal(expected.BaseSpectralNorm, result.Only<DecomposedLayer>().BaseSpectralNorm);
        Assert.Single(result.Warnings);
    }

    [Fact]
    public void Cache_folder_that_can_not_be_made_is_a_warning()
    {
        File.WriteAllText(_bench.Cache, "a file where the folder should be");

        RunResult result = _bench.Run(Spectrum, "base.safetensors", SampleModel.Unet);

        Assert.Empty(result.Errors);
        Assert.NotEmpty(result.Warnings);
        Assert.NotNull(result.Only<DecomposedLayer>().BaseSpectralNorm);
    }

    [Fact]
    public void No_temporary_file_is_left()
    {
        Norms("base.safetensors");

        Assert.Empty(Directory.EnumerateFiles(_bench.Cache, "*.tmp", SearchOption.AllDirectories));
    }

    private DecomposedLayer Norms(string checkpoint) => _bench.RunClean(Spectrum, checkpoint, SampleModel.Unet).Only<DecomposedLayer>();

    /// <summary>Puts norms into the cache that nothing would compute.</summary>
    private void Mark() => Edit(norms =>
    {
        norms["spectral"] = 1234.5;
        norms["frobenius"] = 2345.5;
    });

    private static bool IsMarked(DecomposedLayer layer) => layer is { BaseSpectralNorm: 1234.5, BaseFrobeniusNorm: 2345.5 };

    private void Edit(Action<JsonObject> edit) => SealedFile.Edit(CacheFile, text =>
    {
        JsonObject document = JsonNode.Parse(text)!.AsObject();
        foreach ((_, JsonNode? norms) in document["norms"]!.AsObject())
            edit(norms!.AsObject());
        return document.ToJsonString();
    });
}
