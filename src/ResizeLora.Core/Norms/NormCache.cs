using System.Text.Json;
using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Files;
using ResizeLora.Safetensors;

namespace ResizeLora.Norms;

/// <summary>
/// Norms of base layers on disk: one readable JSON file per checkpoint, named by the checkpoint's content.
/// Several processes may use it at once: files are replaced as a whole, under a lock, and merged with what others wrote.
/// What can't be read is not an error: it is reported, and computed again.
/// </summary>
internal sealed class NormCache(string folder, IReporter reporter, CancellationToken cancellation = default)
{
    private const int Format = 1;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Name of the environment variable that names the folder.</summary>
    public const string FolderVariable = "RESIZELORA_CACHE";

    public string Folder { get; } = folder;

    /// <summary>All norms that are known of a checkpoint.</summary>
    public IReadOnlyDictionary<string, MatrixNorms> Load(string sha256) => Read(FileOf(sha256), sha256, reporter)?.Norms ?? [];

    /// <summary>Adds norms to what is known of a checkpoint.</summary>
    public void Save(string sha256, string checkpointName, IReadOnlyDictionary<string, MatrixNorms> norms)
    {
        if (norms.Count == 0)
            return;

        CacheFiles.Update(FileOf(sha256), reporter, cancellation, () =>
        {
            var merged = new SortedDictionary<string, MatrixNorms>(StringComparer.Ordinal);
            // Problems with the file were reported when it was first read.
            foreach ((string layer, MatrixNorms value) in Read(FileOf(sha256), sha256, reporter: null)?.Norms ?? [])
                merged[layer] = value;
            foreach ((string layer, MatrixNorms value) in norms)
                merged[layer] = value;
            return JsonSerializer.SerializeToUtf8Bytes(new Document(Format, sha256, checkpointName, MatrixNorms.SpectralTolerance, new(merged)), Json);
        });
    }

    /// <summary>The cached norms, per checkpoint.</summary>
    public IReadOnlyList<NormCacheEntry> Entries()
    {
        if (!Directory.Exists(Folder))
            return [];

        var entries = new List<NormCacheEntry>();
        foreach (string path in Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal))
        {
            string sha256 = Path.GetFileNameWithoutExtension(path);
            if (FileIdentity.IsHash(sha256) && Read(path, sha256, reporter) is { } document)
                entries.Add(new NormCacheEntry(sha256, document.Name, document.Norms.Count, File.GetLastWriteTime(path), path));
        }

        return entries;
    }

    /// <summary>Forgets the norms of one checkpoint.</summary>
    /// <returns>Whether they are forgotten; if not, a warning says why.</returns>
    public bool Remove(string sha256) => CacheFiles.Delete(FileOf(sha256), reporter, cancellation);

    private string FileOf(string sha256) => Path.Combine(Folder, $"{sha256}.json");

    private static Document? Read(string path, string sha256, IReporter? reporter)
    {
        if (CacheFiles.TryRead(path, reporter) is not { } bytes)
            return null;

        try
        {
            Document? document = JsonSerializer.Deserialize<Document>(bytes, Json);
            if (document is { Format: Format, Norms: not null, Name: not null }
                && string.Equals(document.Sha256, sha256, StringComparison.Ordinal)
                && document.SpectralTolerance <= MatrixNorms.SpectralTolerance
                && document.Norms.Values.All(IsSound))
            {
                return document;
            }

            reporter?.Warning($"The norm cache '{path}' has unexpected contents; it is ignored and will be rebuilt.");
        }
        catch (JsonException exception)
        {
            reporter?.Warning($"The norm cache '{path}' can't be read ({exception.Message}); it is ignored and will be rebuilt.");
        }

        return null;
    }

    private static bool IsSound(MatrixNorms? norms) =>
        norms is not null
        && double.IsFinite(norms.Spectral) && norms.Spectral >= 0
        && double.IsFinite(norms.Frobenius) && norms.Frobenius >= 0
        && norms.Spectral <= norms.Frobenius * (1 + MatrixNorms.SpectralTolerance);

    private sealed record Document(int Format, string Sha256, string Name, double SpectralTolerance, Dictionary<string, MatrixNorms> Norms);
}
