using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Norms;

/// <summary>
/// Files that nobody has changed for long enough that their hashes are remembered. They are made together, so that
/// there is one wait for all tests; a test that changes its file has one of its own.
/// </summary>
public sealed class QuietFiles : IDisposable
{
    /// <summary>Samples of a tensor are taken in its middle; this is far from it.</summary>
    public const int AwayFromTheSamples = 100;

    private const int Rows = 3000;

    private readonly TemporaryFolder _folder = new();

    public QuietFiles()
    {
        foreach (FileAttack attack in Enum.GetValues<FileAttack>())
            Write(this[$"{attack}"], 1);
        Thread.Sleep(TimeSpan.FromSeconds(2.2));
    }

    /// <summary>The path of a file.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Writes a file. Those of all seeds have the same header.</summary>
    public static string Write(string path, int seed) =>
        new SampleFile().Add("some.weight", Matrix.Gaussian(Rows, 1, new Random(seed))).Write(path);

    /// <summary>Changes one byte of the file's content and nothing of its length or header.</summary>
    public static void Edit(string path, int fromTheEnd = AwayFromTheSamples)
    {
        using FileStream stream = File.Open(path, FileMode.Open);
        stream.Position = stream.Length - fromTheEnd;
        int old = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)~old);
    }

    public void Dispose() => _folder.Dispose();
}
