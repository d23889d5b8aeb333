using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Pipeline;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Norms;
using ResizeLora.Output;
using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>A checkpoint that changes after it was opened: its norms are those of what was opened, in the output and in the cache.</summary>
public sealed class MovingCheckpointTests : IDisposable
{
    private const string Recipe = "spn_ckpt=1,thr=-2";

    private readonly Workbench _bench = new();
    private readonly JobRecorder _host = new();
    private readonly string _lora;
    private readonly string _path;

    public MovingCheckpointTests()
    {
        _lora = _bench.WriteLora();
        _path = _bench.WriteCheckpoint();
        _bench.Options = _bench.Options with { Output = OutputPath.In(Directory.CreateDirectory(_bench.Folder["out"]).FullName) };
    }

    private NormCache Cache => new(_bench.Folder["cache"], _host);

    public void Dispose() => _bench.Dispose();

    [UnixTheory]
    [InlineData(InputAttack.Shrinks)]
    [InlineData(InputAttack.Grows)]
    [InlineData(InputAttack.IsRewritten)]
    public void What_it_has_become_is_refused_and_not_remembered(InputAttack attack)
    {
        string sha256 = Hash.OfFile(_path);
        using (BaseCheckpoint checkpoint = Open())
        {
            Attack(attack);
            Refusal.Of("FileChanged", () => Workbench.Finish(Pipeline(checkpoint).Resize(_lora, [ResizeRecipe.Parse(Recipe)])), _path);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_bench.Folder["out"]));
        Assert.Empty(Cache.Load(sha256));
        Assert.Empty(Cache.Entries());
    }

    [UnixTheory]
    [InlineData(InputAttack.IsReplaced)]
    [InlineData(InputAttack.Vanishes)]
    [InlineData(InputAttack.BecomesAFolder)]
    public void What_takes_its_name_is_not_looked_at(InputAttack attack)
    {
        byte[] expected = Uninterrupted();
        string sha256 = Hash.OfFile(_path);
        using (BaseCheckpoint checkpoint = Open())
        {
            Attack(attack);
            ResizeResult result = Assert.Single(Pipeline(checkpoint).Resize(_lora, [ResizeRecipe.Parse(Recipe)]));
            Assert.Equal(expected, File.ReadAllBytes(result.Path));
        }

        Assert.Equal(sha256, Assert.Single(Cache.Entries()).Sha256);
        Assert.Empty(_host.Warnings);
    }

    private BaseCheckpoint Open() => BaseCheckpoint.Open(_path, Cache.Folder, _host, CancellationToken.None);

    private ResizePipeline Pipeline(BaseCheckpoint checkpoint)
    {
        _bench.Options = _bench.Options with { CacheFolder = Cache.Folder };
        return _bench.Pipeline(checkpoint);
    }

    private byte[] Uninterrupted()
    {
        using BaseCheckpoint checkpoint = BaseCheckpoint.Open(_path, cacheFolder: null, _host, CancellationToken.None);
        string output = Assert.Single(_bench.Pipeline(checkpoint).Resize(_lora, [ResizeRecipe.Parse(Recipe)])).Path;
        byte[] bytes = File.ReadAllBytes(output);
        File.Delete(output);
        return bytes;
    }

    private void Attack(InputAttack attack)
    {
        byte[] bytes = File.ReadAllBytes(_path);
        switch (attack)
        {
            case InputAttack.Shrinks:
                Write(bytes[..^100]);
                break;
            case InputAttack.Grows:
                Write([.. bytes, .. bytes]);
                break;
            case InputAttack.IsRewritten:
                bytes.AsSpan(bytes.Length / 2).Reverse();
                Write(bytes);
                File.SetLastWriteTimeUtc(_path, DateTime.UtcNow.AddSeconds(1));
                break;
            default:
                File.Delete(_path);
                if (attack == InputAttack.BecomesAFolder)
                    Directory.CreateDirectory(_path);
                if (attack == InputAttack.IsReplaced)
                    Write(bytes[..100]);
                break;
        }
    }

    private void Write(byte[] bytes)
    {
        using FileStream stream = File.Open(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(bytes.Length);
        stream.Write(bytes);
    }
}
