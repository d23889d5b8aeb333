using System.Diagnostics;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Testing;

namespace ResizeLora.Benchmarks.Samples;

/// <summary>The files that are measured with: made at their first use, kept for the next time.</summary>
internal sealed class SampleFiles(string folder, bool isSmall)
{
    private const int ManyRank = 4;

    private readonly string _folder = isSmall ? Path.Combine(folder, "small") : folder;
    private readonly SdxlPart _part = isSmall ? SdxlPart.First : SdxlPart.All;

    public string Checkpoint => Made(() => SdxlSample.WriteCheckpoint(_folder, _part));

    /// <summary>Where the norms of the checkpoint are cached.</summary>
    public string Cache => Path.Combine(_folder, "cache");

    /// <summary>The folder of <see cref="Many"/>.</summary>
    public string ManyFolder => Path.Combine(_folder, "many");

    /// <summary>Where the outputs of <see cref="Many"/> are, once they were made.</summary>
    public string ManyOutputs => Path.Combine(_folder, "many-resized");

    public string Lora(int rank) => Made(() => SdxlSample.WriteLora(_folder, rank, _part));

    /// <summary>Different LoRAs with all the layers of the others, but of small rank.</summary>
    public IReadOnlyList<string> Many(int count) =>
        [.. Enumerable.Range(1, count).Select(number => Made(() => SdxlSample.WriteLora(ManyFolder, ManyRank, _part, number)))];

    /// <summary>A folder for what one run leaves; it is gone with the object.</summary>
    public TemporaryFolder TemporaryFolder() => new(Path.Combine(_folder, "temporary"));

    /// <summary>The same for an output that several runs look at.</summary>
    public TemporaryFolder ComparedFolder() => new(Path.Combine(_folder, "compared"));

    private static string Made(Func<string> make)
    {
        var watch = Stopwatch.StartNew();
        string path = make();
        if (watch.Elapsed.TotalSeconds > 1)
            Log.Write($"  made {path} in {Units.Seconds(watch.Elapsed.TotalSeconds)}");
        return path;
    }
}
