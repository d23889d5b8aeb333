using ResizeLora.Files;

namespace ResizeLora.Core.Tests.Files;

public sealed class StagedFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["target"];

    /// <summary>Whether folders are exchanged in one step, or moved around each other.</summary>
    public static TheoryData<bool> Ways => [true, false];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_appears_with_all_that_is_in_it()
    {
        using (StagedFolder staged = Stage("new"))
        {
            Assert.False(Directory.Exists(Target));
            Assert.True(staged.TryMoveTo(Target, overwrite: false));
        }

        Assert.Equal("new", File.ReadAllText(Path.Combine(Target, "content")));
        AssertAlone();
    }

    [Fact]
    public void Without_a_name_nothing_is_left()
    {
        Stage("new").Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_folder_is_replaced_only_where_that_is_wanted(bool canExchange)
    {
        Make(Target, "old");
        using (StagedFolder staged = Stage("new"))
            Assert.False(staged.TryMoveTo(Target, overwrite: false, canExchange));
        Assert.Equal("old", File.ReadAllText(Path.Combine(Target, "content")));

        using (StagedFolder staged = Stage("new"))
            Assert.True(staged.TryMoveTo(Target, overwrite: true, canExchange));
        Assert.Equal("new", File.ReadAllText(Path.Combine(Target, "content")));
        AssertAlone();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_of_the_name_stays(bool overwrite)
    {
        File.WriteAllText(Target, "a file");
        using (StagedFolder staged = Stage("new"))
            Assert.False(staged.TryMoveTo(Target, overwrite));

        Assert.Equal("a file", File.ReadAllText(Target));
        Assert.Equal(["target"], _folder.FileNames);
    }

    [UnixTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_a_link_only_the_link_is_replaced(bool canExchange)
    {
        Make(_folder["precious"], "old");
        Directory.CreateSymbolicLink(Target, _folder["precious"]);

        using (StagedFolder staged = Stage("new"))
            Assert.True(staged.TryMoveTo(Target, overwrite: true, canExchange));

        Assert.Null(new DirectoryInfo(Target).LinkTarget);
        Assert.Equal("new", File.ReadAllText(Path.Combine(Target, "content")));
        Assert.Equal("old", File.ReadAllText(Path.Combine(_folder["precious"], "content")));
    }

    [Fact]
    public void What_a_killed_run_left_is_removed_by_the_next_run_in_the_folder()
    {
        Make(_folder[".abcdefgh.ijk.resizelora.folder"], "half");
        File.WriteAllText(_folder[".abcdefgh.ijk.resizelora.tmp"], string.Empty);
        Make(_folder[".stuvwxyz.012.resizelora.folder"], "half");

        TemporaryFile.Create(_folder.Path, 0).Dispose();

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void What_is_in_the_making_stays()
    {
        using StagedFolder first = Stage("first");
        using StagedFolder second = Stage("second");
        Assert.True(first.TryMoveTo(_folder["a"], overwrite: false));
        Assert.True(second.TryMoveTo(_folder["b"], overwrite: false));
        Assert.Equal("second", File.ReadAllText(_folder["b/content"]));
    }

    [Fact]
    public void A_folder_that_was_on_its_way_out_is_put_back()
    {
        Make(_folder[".abcdefgh.ijk.style.v1.resizelora.old"], "old");

        TemporaryFile.Create(_folder.Path, 0).Dispose();

        Assert.Equal("old", File.ReadAllText(_folder["style.v1/content"]));
    }

    [Fact]
    public void A_folder_that_was_replaced_is_removed()
    {
        Make(_folder[".abcdefgh.ijk.target.resizelora.old"], "old");
        Make(Target, "new");

        TemporaryFile.Create(_folder.Path, 0).Dispose();

        Assert.Equal("new", File.ReadAllText(Path.Combine(Target, "content")));
        AssertAlone();
    }

    [Fact]
    public void What_only_looks_similar_is_not_ours_and_stays()
    {
        string[] names = [".abcdefgh.ijkl.resizelora.folder", "abcdefghi.ijk.resizelora.folder", ".resizelora.old", ".abcdefgh.ijk.resizelora.old", ".abcdefgh.ijk..resizelora.old", "notes.resizelora.folder"];
        foreach (string name in names)
            Make(_folder[name], "mine");
        File.WriteAllText(_folder[".abcdefgh.abc.resizelora.folder"], "a file");

        TemporaryFile.Create(_folder.Path, 0).Dispose();

        Assert.Equal(names.Order(StringComparer.Ordinal), Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Single(_folder.FileNames);
    }

    [Fact]
    public void Folders_in_a_left_over_are_never_removed()
    {
        Make(_folder[".abcdefgh.ijk.resizelora.folder/below"], "mine");

        TemporaryFile.Create(_folder.Path, 0).Dispose();

        Assert.Equal("mine", File.ReadAllText(_folder[".abcdefgh.ijk.resizelora.folder/below/content"]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Of_many_who_want_a_name_at_once_one_gets_it(int many)
    {
        for (int round = 0; round < 50; round++)
        {
            string name = _folder[$"name {round}"];
            StagedFolder[] folders = [.. Enumerable.Range(0, many).Select(i => Stage($"{i}"))];
            using var start = new Barrier(many);
            bool[] won = new bool[many];
            Thread[] threads = [.. Enumerable.Range(0, many).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                won[i] = folders[i].TryMoveTo(name, overwrite: false);
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Array.ForEach(folders, folder => folder.Dispose());
            Assert.Equal(1, won.Count(value => value));
            Assert.Equal($"{Array.IndexOf(won, true)}", File.ReadAllText(Path.Combine(name, "content")));
        }

        Assert.Empty(_folder.FileNames);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Many_that_replace_one_folder_leave_it_whole(bool canExchange)
    {
        Make(Target, "old");
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
        {
            for (int i = 0; i < 20; i++)
            {
                using StagedFolder staged = Stage($"{thread}.{i}");
                try
                {
                    staged.TryMoveTo(Target, overwrite: true, canExchange);
                }
                catch (IOException) when (!canExchange)
                {
                    // Another one had just moved it away.
                }
            }
        });

        TemporaryFile.Create(_folder.Path, 0).Dispose();
        Assert.Single(Directory.GetFiles(Target));
        AssertAlone();
    }

    private void AssertAlone() => Assert.Equal([Target], Directory.GetFileSystemEntries(_folder.Path));

    private StagedFolder Stage(string text)
    {
        var staged = StagedFolder.Create(_folder.Path);
        File.WriteAllText(Path.Combine(staged.Path, "content"), text);
        return staged;
    }

    private static void Make(string path, string text)
    {
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "content"), text);
    }
}
