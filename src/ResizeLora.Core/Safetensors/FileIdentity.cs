using System.Security.Cryptography;
using System.Text.Json;
using ResizeLora.Common;
using ResizeLora.Files;

namespace ResizeLora.Safetensors;

/// <summary>
/// Identifies files by content: the SHA-256 of the whole file. Hashing gigabytes takes seconds, so a note
/// remembers it for a path, for as long as the file's length, times and header stay, and samples of its tensors where
/// the system has no time of change.
/// </summary>
/// <remarks>
/// Editing a file in place can restore its time of writing, but not its time of change. Where the system has that,
/// the note is as good as the hash; where not, the samples are what is left.
/// </remarks>
internal static class FileIdentity
{
    private const int SampleSize = 64;

    private const int BlockSize = 1 << 20;

    /// <summary>
    /// The coarsest clock of a file system, FAT's. What changed more recently could change again and have the same times.
    /// </summary>
    private static readonly TimeSpan ClockStep = TimeSpan.FromSeconds(2);

    /// <summary>The SHA-256 of a file, in lower-case hexadecimal digits.</summary>
    /// <param name="file">The file.</param>
    /// <param name="cacheFolder">Where hashes of known files are remembered; null to remember none.</param>
    /// <param name="reporter">Receives warnings about the notes, and progress.</param>
    /// <param name="cancellation">Stops the hashing.</param>
    public static string Sha256(TensorFile file, string? cacheFolder, IReporter reporter, CancellationToken cancellation)
    {
        if (cacheFolder is null)
            return HashAll(file, cancellation, reporter);

        string notePath = Path.Combine(cacheFolder, "known-files", $"{Hex(System.Text.Encoding.UTF8.GetBytes(file.Path))}.json");
        string sample = Sample(file);
        if (CacheFiles.TryRead(notePath, reporter) is { } bytes && TryParse(bytes) is { } note
            && IsHash(note.Sha256) && note == new Note(file.Version, sample, note.Sha256))
        {
            return note.Sha256;
        }

        bool isQuiet = IsQuiet(file.Version);
        string sha256 = HashAll(file, cancellation, reporter);
        if (isQuiet && file.IsUntouched)
            CacheFiles.Update(notePath, reporter, cancellation, () => JsonSerializer.SerializeToUtf8Bytes(new Note(file.Version, sample, sha256)));
        return sha256;
    }

    private static bool IsQuiet(FileVersion version) =>
        DateTime.UtcNow - (version.Changed ?? version.Modified) > ClockStep;

    /// <summary>Makes sure that an open file is what a hash says, if anything has happened to it since it was opened.</summary>
    /// <exception cref="ResizeLoraException">It is something else by now.</exception>
    public static void EnsureIs(TensorFile file, string sha256, CancellationToken cancellation)
    {
        if (!file.IsUntouched && HashAll(file, cancellation) != sha256)
            throw SafetensorsErrors.Changed(file.Path);
    }

    /// <summary>The SHA-256 of all bytes of a file, whatever notes say.</summary>
    public static string HashAll(TensorFile file, CancellationToken cancellation, IReporter? reporter = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[BlockSize];
        for (long position = 0; position < file.Length; position += block.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> part = block.AsSpan(0, (int)Math.Min(block.Length, file.Length - position));
            file.Read(position, part);
            hash.AppendData(part);
            reporter?.Progress(file.Path, "Hashing MiB", (int)(position / BlockSize) + 1, (int)((file.Length + BlockSize - 1) / BlockSize));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A hash over the header and, where the system has no time of change, some bytes of each tensor.</summary>
    private static string Sample(TensorFile file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] header = new byte[file.Header.DataStart];
        file.Read(0, header);
        hash.AppendData(header);
        Span<byte> sample = stackalloc byte[SampleSize];
        foreach (TensorInfo tensor in file.Version.Changed is null ? file.Header.Tensors : [])
        {
            Span<byte> part = sample[..(int)Math.Min(SampleSize, tensor.ByteCount)];
            file.Read(file.Header.DataStart + tensor.Begin + (tensor.ByteCount - part.Length) / 2, part);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Whether a text is a SHA-256 as this class writes it.</summary>
    public static bool IsHash(string? text) => text?.Length == SHA256.HashSizeInBytes * 2 && text.All(char.IsAsciiHexDigitLower);

    private static Note? TryParse(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<Note>(bytes);
        }
        catch (JsonException)
        {
            // Only a note: the hash is computed and the note written again.
            return null;
        }
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private sealed record Note(FileVersion Version, string Sample, string Sha256);
}
