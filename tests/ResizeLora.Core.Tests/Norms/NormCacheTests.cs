using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Norms;

public sealed class NormCacheTests : IDisposable
{
    private static readonly string Sha = new('a', 64);
    private static readonly string OtherSha = new('b', 64);

    private readonly TemporaryFolder _folder = new();
    private readonly JobRecorder _host = new();

    private string CacheFile => _folder[$"{Sha}.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_saved_is_loaded_to_the_bit()
    {
        Create().Save(Sha, "base.safetensors", new Dictionary<string, MatrixNorms> { ["layer[q]"] = new(1 / 3.0, Math.PI), ["ü\"😀"] = new(0, 0) });
        IReadOnlyDictionary<string, MatrixNorms> norms = Create().Load(Sha);
        Assert.Equal(2, norms.Count);
        Assert.Equal(new MatrixNorms(1 / 3.0, Math.PI), norms["layer[q]"]);
        Assert.Equal(new MatrixNorms(0, 0), norms["ü\"😀"]);
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void Nothing_cached_is_no_problem()
    {
        var cache = new NormCache(Path.Combine(_folder["none"], "deeper"), _host);
        Assert.Empty(cache.Load(Sha));
        Assert.Empty(cache.Entries());
        cache.Remove(Sha);
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void Saving_adds_to_what_is_there_and_replaces_what_is_newer()
    {
        Create().Save(Sha, "base", Norms("one", 1));
        Create().Save(Sha, "base", Norms("two", 2));
        Create().Save(Sha, "base", Norms("one", 3));
        IReadOnlyDictionary<string, MatrixNorms> norms = Create().Load(Sha);
        Assert.Equal(3, norms["one"].Spectral);
        Assert.Equal(2, norms["two"].Spectral);
    }

    [Fact]
    public void Checkpoints_do_not_share_norms()
    {
        Create().Save(Sha, "base", Norms("one", 1));
        Assert.Empty(Create().Load(OtherSha));
    }

    [Fact]
    public void Saving_nothing_writes_nothing()
    {
        Create().Save(Sha, "base", new Dictionary<string, MatrixNorms>());
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void Eight_threads_with_a_cache_each_lose_nothing()
    {
        const int threads = 8;
        const int saves = 12;
        using var start = new Barrier(threads);
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(number => new Thread(() =>
        {
            NormCache cache = Create();
            start.SignalAndWait();
            for (int i = 0; i < saves; i++)
                cache.Save(Sha, "base", Norms($"{number}.{i}", number + i));
        }))];
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());

        Assert.Empty(_host.Warnings);
        IReadOnlyDictionary<string, MatrixNorms> norms = Create().Load(Sha);
        Assert.Equal(threads * saves, norms.Count);
        Assert.Equal(7 + 11, norms["7.11"].Spectral);
        Assert.DoesNotContain(_folder.FileNames, name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("no json at all")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.0001}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.0001,"norms":null}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":null,"spectralTolerance":0.0001,"norms":{}}""")]
    [InlineData("""{"format":2,"sha256":"SHA","name":"base","spectralTolerance":0.0001,"norms":{"old":{"spectral":1,"frobenius":2}}}""")]
    [InlineData("""{"format":1,"sha256":"bbbb","name":"base","spectralTolerance":0.0001,"norms":{"old":{"spectral":1,"frobenius":2}}}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.01,"norms":{"old":{"spectral":1,"frobenius":2}}}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.0001,"norms":{"old":null}}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.0001,"norms":{"old":{"spectral":-1,"frobenius":2}}}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.0001,"norms":{"old":{"spectral":3,"frobenius":2}}}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.0001,"norms":{"old":{"spectral":"NaN","frobenius":2}}}""")]
    [InlineData("""{"format":1,"sha256":"SHA","name":"base","spectralTolerance":0.0001,"norms":{"old":{"spectral":1e999,"frobenius":1e999}}}""")]
    public void A_file_that_is_not_what_was_written_is_ignored_with_a_warning_and_rebuilt(string content)
    {
        SealedFile.Write(CacheFile, content.Replace("SHA", Sha, StringComparison.Ordinal));
        Assert.Empty(Create().Load(Sha));
        Assert.Contains(CacheFile, Assert.Single(_host.Warnings), StringComparison.Ordinal);

        Create().Save(Sha, "base", Norms("new", 1));
        _host.Warnings.Clear();
        Assert.Equal(["new"], Create().Load(Sha).Keys);
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void The_document_that_the_faults_above_are_made_in_is_accepted()
    {
        SealedFile.Write(CacheFile, $$$$"""{"format":1,"sha256":"{{{{Sha}}}}","name":"base","spectralTolerance":0.0001,"norms":{"old":{"spectral":1,"frobenius":2}}}""");
        Assert.Equal(new MatrixNorms(1, 2), Create().Load(Sha)["old"]);
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void Any_damage_to_a_file_is_noticed()
    {
        Create().Save(Sha, "base", Norms("one", 1.25));
        byte[] whole = File.ReadAllBytes(CacheFile);
        for (int position = 0; position < whole.Length; position++)
        {
            byte[] damaged = [.. whole];
            damaged[position] ^= 1;
            AssertIgnored(damaged);
            AssertIgnored(whole[..position]);
        }

        AssertIgnored([.. whole, .. whole]);
        AssertIgnored(new byte[whole.Length]);
        File.WriteAllBytes(CacheFile, whole);
        Assert.Equal(1.25, Create().Load(Sha)["one"].Spectral);

        void AssertIgnored(byte[] content)
        {
            File.WriteAllBytes(CacheFile, content);
            Assert.Empty(Create().Load(Sha));
            Assert.Single(_host.Warnings);
            _host.Warnings.Clear();
        }
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_is_a_warning()
    {
        Directory.CreateDirectory(CacheFile);
        Assert.Empty(Create().Load(Sha));
        Create().Save(Sha, "base", Norms("one", 1));
        Assert.Equal(2, _host.Warnings.Count);
        Assert.Equal([".lock"], _folder.FileNames);
    }

    [Fact]
    public void A_lock_that_can_not_be_had_is_a_warning()
    {
        Directory.CreateDirectory(_folder[".lock"]);
        Create().Save(Sha, "base", Norms("one", 1));
        Assert.Single(_host.Warnings);
    }

    [Fact]
    public void What_can_not_be_removed_is_a_warning_and_remains()
    {
        Create().Save(Sha, "base", Norms("one", 1));
        File.Delete(_folder[".lock"]);
        Directory.CreateDirectory(_folder[".lock"]);
        Assert.False(Create().Remove(Sha));
        Assert.Contains(CacheFile, Assert.Single(_host.Warnings), StringComparison.Ordinal);
        Assert.Single(Create().Entries());
    }

    [Fact]
    public void A_cache_that_can_not_be_written_warns_and_does_not_stop_the_work()
    {
        File.WriteAllText(_folder["file"], "in the way");
        new NormCache(Path.Combine(_folder["file"], "cache"), _host).Save(Sha, "base", Norms("one", 1));
        Assert.Single(_host.Warnings);
    }

    [Fact]
    public void Entries_list_each_checkpoint_and_nothing_else()
    {
        Create().Save(OtherSha, "second.safetensors", Norms("one", 1));
        Create().Save(Sha, "first.safetensors", new Dictionary<string, MatrixNorms> { ["one"] = new(1, 1), ["two"] = new(1, 1) });
        File.WriteAllText(_folder["notes.json"], "{}");
        File.WriteAllText(_folder[$"{new string('A', 64)}.json"], "{}");
        Directory.CreateDirectory(_folder["known-files"]);

        IReadOnlyList<NormCacheEntry> entries = Create().Entries();
        Assert.Equal([(Sha, "first.safetensors", 2), (OtherSha, "second.safetensors", 1)], entries.Select(entry => (entry.Sha256, entry.Name, entry.LayerCount)));
        Assert.Equal(CacheFile, entries[0].Path);
        Assert.Equal(File.GetLastWriteTime(CacheFile), entries[0].LastWriteTime);
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void Remove_forgets_one_checkpoint_and_leaves_no_file_of_it()
    {
        Create().Save(Sha, "base", Norms("one", 1));
        Create().Save(OtherSha, "other", Norms("one", 1));
        Create().Remove(Sha);
        Assert.Empty(Create().Load(Sha));
        Assert.Equal([OtherSha], Create().Entries().Select(entry => entry.Sha256));
        Assert.DoesNotContain(_folder.FileNames, name => name.StartsWith(Sha, StringComparison.Ordinal));
    }

    private static Dictionary<string, MatrixNorms> Norms(string layer, double spectral) => new() { [layer] = new(spectral, 2 * spectral) };

    private NormCache Create() => new(_folder.Path, _host);
}
