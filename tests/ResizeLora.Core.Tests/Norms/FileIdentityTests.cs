using System.IO.MemoryMappedFiles;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Files;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Norms;

public sealed class FileIdentityTests(QuietFiles files) : IClassFixture<QuietFiles>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly JobRecorder _host = new();

    private string Cache => _folder["cache"];

    /// <summary>A file that no test changes.</summary>
    private string Quiet => files[$"{FileAttack.None}"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_identity_is_the_sha256_of_the_whole_file()
    {
        Assert.Equal(Hash.OfFile(Quiet), Identity(Quiet));
        Assert.Equal(Hash.OfFile(Quiet), Identity(Quiet));
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void A_note_saves_the_hashing()
    {
        Assert.True(IsHashed(Quiet));
        Assert.False(IsHashed(Quiet));
    }

    [Theory]
    [InlineData(FileAttack.Edited)]
    [InlineData(FileAttack.EditedInMemory)]
    [InlineData(FileAttack.Replaced)]
    [InlineData(FileAttack.Relinked)]
    [InlineData(FileAttack.Rewritten)]
    [InlineData(FileAttack.Touched)]
    [InlineData(FileAttack.Renamed)]
    [InlineData(FileAttack.Copied)]
    [InlineData(FileAttack.HardLinked)]
    public void Whatever_happens_to_a_file_its_identity_is_that_of_its_content(FileAttack attack)
    {
        string path = files[$"{attack}"];
        string before = Identity(path);
        Assert.Single(Directory.GetFiles(Path.Combine(Cache, "known-files"), "*.json"));
        DateTime time = File.GetLastWriteTimeUtc(path);
        int length = File.ReadAllBytes(path).Length;

        path = Attack(attack, path);
        if (attack != FileAttack.Touched)
            File.SetLastWriteTimeUtc(path, time);

        Assert.Equal(length, File.ReadAllBytes(path).Length);
        Assert.Equal(attack is FileAttack.Edited or FileAttack.EditedInMemory or FileAttack.Replaced or FileAttack.Relinked, Hash.OfFile(path) != before);
        Assert.Equal(Hash.OfFile(path), Identity(path));
        Assert.Equal(Hash.OfFile(path), Identity(path));
        Assert.Empty(_host.Warnings);
    }

    [Fact]
    public void A_file_that_has_just_been_written_is_not_remembered()
    {
        // Its times could stay the same when it is written again.
        string path = QuietFiles.Write(_folder["base"], 1);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(Hash.OfFile(path), Identity(path));
            DateTime time = File.GetLastWriteTimeUtc(path);
            QuietFiles.Edit(path);
            File.SetLastWriteTimeUtc(path, time);
        }

        Assert.True(IsHashed(path));
        Assert.False(Directory.Exists(Cache));
    }

    [UnixFact]
    public void A_file_that_is_written_to_while_it_is_hashed_has_no_identity()
    {
        string path = QuietFiles.Write(_folder["base"], 1);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-1));
        Refusal.Of("FileChanged", () => FileIdentity.HashAll(file, CancellationToken.None), path);
        Refusal.Of("FileChanged", () => FileIdentity.Sha256(file, Cache, _host, CancellationToken.None), path);
        Assert.False(Directory.Exists(Cache));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"text\"")]
    public void A_corrupt_note_is_made_anew(string content)
    {
        Identity(Quiet);
        File.WriteAllText(Note(), content);
        Assert.Equal(Hash.OfFile(Quiet), Identity(Quiet));
        Assert.Contains(Note(), Assert.Single(_host.Warnings), StringComparison.Ordinal);
        Assert.False(IsHashed(Quiet));

        SealedFile.Edit(Note(), _ => content);
        Assert.Equal(Hash.OfFile(Quiet), Identity(Quiet));
        Assert.False(IsHashed(Quiet));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("\"../../elsewhere\"")]
    public void A_note_whose_hash_is_none_is_made_anew(string value)
    {
        string sha256 = Identity(Quiet);
        SealedFile.Edit(Note(), note => note.Replace($"\"{sha256}\"", value, StringComparison.Ordinal));
        Assert.Equal(sha256, Identity(Quiet));
    }

    [Fact]
    public void A_wrong_digit_in_a_note_is_noticed()
    {
        string sha256 = Identity(Quiet);
        File.WriteAllText(Note(), File.ReadAllText(Note()).Replace(sha256, new string('f', 64), StringComparison.Ordinal));
        Assert.Equal(sha256, Identity(Quiet));
        Assert.Single(_host.Warnings);
    }

    [Fact]
    public void A_cache_that_can_not_be_written_warns_and_does_not_stop_the_work()
    {
        File.WriteAllText(Cache, "in the way");
        Assert.Equal(Hash.OfFile(Quiet), Identity(Quiet));
        Assert.NotEmpty(_host.Warnings);
    }

    [Fact]
    public void Hashing_can_be_cancelled()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Quiet);
        Assert.Throws<OperationCanceledException>(() => FileIdentity.HashAll(file, new CancellationToken(canceled: true)));
    }

    /// <returns>The path that is to be known now.</returns>
    private string Attack(FileAttack attack, string path)
    {
        string other = QuietFiles.Write(_folder["other"], 2);
        switch (attack)
        {
            case FileAttack.Edited:
                QuietFiles.Edit(path);
                return path;
            case FileAttack.EditedInMemory:
                using (var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open))
                using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
                    view.Write(new FileInfo(path).Length - QuietFiles.AwayFromTheSamples, (byte)77);
                return path;
            case FileAttack.Replaced:
                File.SetLastWriteTimeUtc(other, File.GetLastWriteTimeUtc(path));
                File.Move(other, path, overwrite: true);
                return path;
            case FileAttack.Relinked:
                string link = _folder["link"];
                File.CreateSymbolicLink(link, path);
                Assert.Equal(Hash.OfFile(path), Identity(link));
                File.SetLastWriteTimeUtc(other, File.GetLastWriteTimeUtc(path));
                File.Delete(link);
                File.CreateSymbolicLink(link, other);
                return link;
            case FileAttack.Rewritten:
                return QuietFiles.Write(path, 1);
            case FileAttack.Touched:
                File.SetLastWriteTimeUtc(path, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
                return path;
            case FileAttack.Renamed:
                File.Move(path, $"{path}.new");
                return $"{path}.new";
            case FileAttack.Copied:
                File.Copy(path, _folder["copy"]);
                return _folder["copy"];
            case FileAttack.HardLinked:
                if (!OperatingSystem.IsWindows())
                    Assert.Equal(0, UnixFiles.Link(path, _folder["second"]));
                return path;
            default:
                throw new ArgumentOutOfRangeException(nameof(attack));
        }
    }

    private string Identity(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return FileIdentity.Sha256(file, Cache, _host, CancellationToken.None);
    }

    /// <summary>Whether the file had to be read to know its hash.</summary>
    private bool IsHashed(string path)
    {
        bool isHashed = false;
        using SafetensorsFile file = SafetensorsFile.Open(path);
        FileIdentity.Sha256(file, Cache, new JobRecorder { AtStep = _ => isHashed = true }, CancellationToken.None);
        return isHashed;
    }

    private string Note() => Assert.Single(Directory.GetFiles(Path.Combine(Cache, "known-files"), "*.json"));
}
