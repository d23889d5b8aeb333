using Microsoft.Win32.SafeHandles;
using ResizeLora.Files;

namespace ResizeLora.Core.Tests.Files;

public sealed class FileStatusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FileStatusTests() => File.WriteAllText(_folder["file"], "content");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_itself_and_no_other()
    {
        File.WriteAllText(_folder["other"], "content");
        Assert.True(Status("file").IsSameFile(Status("file")));
        Assert.False(Status("file").IsSameFile(Status("other")));
    }

    [Fact]
    public void An_open_file_is_the_one_of_its_path()
    {
        using SafeFileHandle handle = File.OpenHandle(_folder["file"]);
        Assert.Equal(Status("file"), FileStatus.Of(handle));
    }

    [UnixFact]
    public void Other_names_are_of_the_same_file()
    {
        Assert.Equal(0, UnixFiles.Link(_folder["file"], _folder["hard"]));
        File.CreateSymbolicLink(_folder["soft"], _folder["file"]);
        Assert.True(Status("file").IsSameFile(Status("hard")));
        Assert.True(Status("file").IsSameFile(Status("soft")));
    }

    [Fact]
    public void The_time_of_change_is_now_and_can_not_be_set_back()
    {
        DateTime before = Status("file").Changed;
        Assert.InRange(before, DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow.AddMinutes(1));
        Thread.Sleep(50);
        File.SetLastWriteTimeUtc(_folder["file"], new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.True(Status("file").Changed > before);
    }

    [Fact]
    public void Of_nothing_there_is_none() => Assert.Null(FileStatus.Of(_folder["nothing"]));

    private FileStatus Status(string name) => FileStatus.Of(_folder[name])!;
}
