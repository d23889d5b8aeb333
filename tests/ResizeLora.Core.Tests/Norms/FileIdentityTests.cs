using System.Security.Cryptography;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Norms;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Norms;

public sealed class FileIdentityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    private string Cache => _folder["cache"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_identity_is_the_sha256_of_the_whole_file()
    {
        string path = Write("base", 1, 700_000);
        string expected = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        Assert.Equal(expected, Identity(path));
        Assert.Equal(expected, Identity(path));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void The_same_content_at_another_path_is_the_same_checkpoint()
    {
        string path = Write("base", 1);
        File.Copy(path, _folder["copy"]);
        Assert.Equal(Identity(path), Identity(_folder["copy"]));
    }

    [Fact]
    public void Changed_content_of_the_same_length_is_another_checkpoint()
    {
        string path = Write("base", 1);
        string before = Identity(path);
        Write("base", 2);
        Assert.Equal(Hash(path), Identity(path));
        Assert.NotEqual(before, Identity(path));
    }

    [Fact]
    public void Changed_content_is_noticed_though_the_time_of_writing_was_put_back()
    {
        string path = Write("base", 1);
        DateTime time = File.GetLastWriteTimeUtc(path);
        string before = Identity(path);
        Write("base", 2);
        File.SetLastWriteTimeUtc(path, time);
        Assert.Equal(Hash(path), Identity(path));
        Assert.NotEqual(before, Identity(path));
    }

    [Fact]
    public void A_changed_time_of_writing_alone_does_not_change_the_identity()
    {
        string path = Write("base", 1);
        string before = Identity(path);
        File.SetLastWriteTimeUtc(path, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.Equal(before, Identity(path));
    }

    [Fact]
    public void A_note_saves_the_hashing()
    {
        string path = Write("base", 1);
        string sha256 = Identity(path);
        string marked = new('f', 64);
        Rewrite(note => note.Replace(sha256, marked, StringComparison.Ordinal));
        Assert.Equal(marked, Identity(path));
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
        string path = Write("base", 1);
        Identity(path);
        Rewrite(_ => content);
        Assert.Equal(Hash(path), Identity(path));
        Assert.Contains(Hash(path), File.ReadAllText(Note()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("\"../../elsewhere\"")]
    public void A_note_whose_hash_is_none_is_made_anew(string value)
    {
        string path = Write("base", 1);
        string sha256 = Identity(path);
        Rewrite(note => note.Replace($"\"{sha256}\"", value, StringComparison.Ordinal));
        Assert.Equal(sha256, Identity(path));
    }

    [Fact]
    public void A_cache_that_can_not_be_written_warns_and_does_not_stop_the_work()
    {
        string path = Write("base", 1);
        File.WriteAllText(_folder["cache"], "in the way");
        Assert.Equal(Hash(path), Identity(path));
        Assert.NotEmpty(_warnings);
    }

    [Fact]
    public void Hashing_can_be_cancelled()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Write("base", 1));
        Assert.Throws<OperationCanceledException>(() => FileIdentity.HashAll(file, new CancellationToken(canceled: true)));
    }

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private string Write(string name, int seed, int count = 30)
    {
        var random = new Random(seed);
        return new SampleFile().Add("some.weight", Matrix.Gaussian(count, 1, random)).Write(_folder[name]);
    }

    private string Identity(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return FileIdentity.Sha256(file, Cache, _warnings.Add, CancellationToken.None);
    }

    private string Note() => Assert.Single(Directory.GetFiles(Path.Combine(Cache, "known-files"), "*.json"));

    private void Rewrite(Func<string, string> change) => File.WriteAllText(Note(), change(File.ReadAllText(Note())));
}
