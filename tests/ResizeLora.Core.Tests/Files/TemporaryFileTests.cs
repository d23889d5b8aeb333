using ResizeLora.Files;

namespace ResizeLora.Core.Tests.Files;

public sealed class TemporaryFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["target"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_a_killed_run_left_is_removed_by_the_next_file_in_the_folder()
    {
        Leave(".abcdefgh.ijk.resizelora.tmp");
        Leave(".stuvwxyz.012.resizelora.tmp");
        using TemporaryFile file = Create();
        Assert.Single(_folder.FileNames);
    }

    [Fact]
    public void What_only_looks_similar_is_not_ours_and_stays()
    {
        string[] names = ["notes.resizelora.tmp", ".resizelora.tmp", ".abcdefgh.ijk.resizelora.tmp.old", ".abcdefgh.ijkl.resizelora.tmp", ".abcdefgh.ijk.tmp", "abcdefghi.ijk.resizelora.tmp"];
        Array.ForEach(names, Leave);
        Directory.CreateDirectory(_folder[".abcdefgh.dir.resizelora.tmp"]);
        Create().Dispose();
        Assert.Equal(names.Order(StringComparer.Ordinal), _folder.FileNames);
        Assert.Single(Directory.GetDirectories(_folder.Path));
    }

    [UnixFact]
    public void A_link_that_is_named_like_one_of_ours_loses_its_name_only()
    {
        File.WriteAllText(Target, "precious");
        File.CreateSymbolicLink(_folder[".abcdefgh.ijk.resizelora.tmp"], Target);
        Create().Dispose();
        Assert.Equal(["target"], _folder.FileNames);
        Assert.Equal("precious", File.ReadAllText(Target));
    }

    [Fact]
    public void What_is_being_written_stays()
    {
        using TemporaryFile first = Create();
        using TemporaryFile second = Create();
        first.Write([1], 0);
        second.Write([2], 0);
        Assert.Equal(2, _folder.FileNames.Count());
        Assert.True(first.TryMoveTo(_folder["a"], overwrite: false));
        Assert.True(second.TryMoveTo(_folder["b"], overwrite: false));
        Assert.Equal(["a", "b"], _folder.FileNames);
        Assert.Equal([1], File.ReadAllBytes(_folder["a"]));
        Assert.Equal([2], File.ReadAllBytes(_folder["b"]));
    }

    [Fact]
    public void Many_that_come_and_go_and_clean_up_do_not_lose_each_other_s_files()
    {
        const int threads = 8;
        const int rounds = 60;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            for (int i = 0; i < rounds; i++)
            {
                using TemporaryFile file = Create();
                file.Write([(byte)thread, (byte)i], 0);
                Assert.True(file.TryMoveTo(_folder[$"{thread}.{i}"], overwrite: false));
            }
        });

        Assert.Equal(threads * rounds, _folder.FileNames.Count());
        for (int thread = 0; thread < threads; thread++)
        {
            for (int i = 0; i < rounds; i++)
                Assert.Equal([(byte)thread, (byte)i], File.ReadAllBytes(_folder[$"{thread}.{i}"]));
        }
    }

    [Fact]
    public void Others_that_look_whether_a_file_is_left_over_do_not_stop_it_from_being_made()
    {
        using var stop = new CancellationTokenSource();
        int locked = 0;
        Thread[] others = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                foreach (string path in Directory.EnumerateFiles(_folder.Path))
                {
                    if (LeftOvers.IsLocked(path))
                        Interlocked.Increment(ref locked);
                }
            }
        }))];
        Array.ForEach(others, thread => thread.Start());
        try
        {
            // As many as it takes for the others to have met some of them.
            for (int i = 0; i < 2000 || (Volatile.Read(ref locked) < 100 && i < 1_000_000); i++)
                TemporaryFile.CreateOnly(_folder.Path, 0).Dispose();
        }
        finally
        {
            stop.Cancel();
            Array.ForEach(others, thread => thread.Join());
        }

        Assert.InRange(locked, 100, int.MaxValue);

        // A file that was looked at before it was locked is left, as if its maker had been killed then.
        LeftOvers.Remove(_folder.Path);
        Assert.Empty(_folder.FileNames);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Of_many_who_want_a_name_at_once_one_gets_it(int many)
    {
        for (int round = 0; round < 100; round++)
        {
            string name = _folder[$"name {round}"];
            TemporaryFile[] files = [.. Enumerable.Range(0, many).Select(_ => TemporaryFile.CreateOnly(_folder.Path, 0))];
            for (int i = 0; i < many; i++)
                files[i].Write([(byte)i], 0);
            using var start = new Barrier(many);
            bool[] won = new bool[many];
            Thread[] threads = [.. Enumerable.Range(0, many).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                won[i] = files[i].TryMoveTo(name, overwrite: false);
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Array.ForEach(files, file => file.Dispose());
            Assert.Equal(1, won.Count(value => value));
            Assert.Equal([(byte)Array.IndexOf(won, true)], File.ReadAllBytes(name));
        }

        Assert.DoesNotContain(_folder.FileNames, name => name.EndsWith(TemporaryFile.Extension, StringComparison.Ordinal));
    }

    [UnixFact]
    public void A_link_that_leads_nowhere_has_its_name_too()
    {
        File.CreateSymbolicLink(Target, _folder["nowhere"]);
        using TemporaryFile file = Create();
        Assert.False(file.TryMoveTo(Target, overwrite: false));
        Assert.NotNull(new FileInfo(Target).LinkTarget);
    }

    [Fact]
    public void A_file_that_was_moved_is_open_to_others_at_once()
    {
        using TemporaryFile file = Create();
        Assert.True(file.TryMoveTo(Target, overwrite: false));
        File.Open(Target, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [UnixFact]
    public void A_file_that_can_not_be_removed_hides_no_other_error()
    {
        Assert.Throws<InvalidOperationException>(void () =>
        {
            using TemporaryFile file = Create();
            string path = Assert.Single(Directory.GetFiles(_folder.Path));
            File.Delete(path);
            Directory.CreateDirectory(path);
            throw new InvalidOperationException();
        });
    }

    private void Leave(string name) => File.WriteAllText(_folder[name], "half");

    private TemporaryFile Create() => TemporaryFile.Create(_folder.Path, 0);
}
