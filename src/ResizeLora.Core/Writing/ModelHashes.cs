using System.Security.Cryptography;
using ResizeLora.Safetensors;

namespace ResizeLora.Writing;

/// <summary>
/// The two hashes by which other tools know a model. Model: SHA-256 over the bytes of the tensors. Legacy: the first
/// 8 hex digits of the SHA-256 over 0x10000 bytes from 0x100000 of the file as it would be with its ss_* metadata only.
/// </summary>
/// <remarks>https://github.com/kohya-ss/sd-scripts, library/train_util.py, precalculate_safetensors_hashes.</remarks>
internal sealed record ModelHashes(string Model, string Legacy)
{
    private const int LegacyStart = 0x100000;
    private const int LegacyLength = 0x10000;
    private const int LegacyDigits = 8;
    private const int BlockSize = 1 << 20;

    public static ModelHashes Placeholder { get; } = new(new string('0', SHA256.HashSizeInBytes * 2), new string('0', LegacyDigits));

    public static ModelHashes Of(SafetensorsWriter written, SafetensorsLayout layout, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        byte[] header = layout.Header([.. metadata.Where(pair => pair.Key.StartsWith("ss_", StringComparison.Ordinal))]);
        using var model = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var legacy = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendLegacy(legacy, header, 0);
        byte[] block = new byte[BlockSize];
        for (long position = 0; position < layout.DataLength; position += BlockSize)
        {
            Span<byte> part = block.AsSpan(0, (int)Math.Min(BlockSize, layout.DataLength - position));
            written.ReadBack(position, part);
            model.AppendData(part);
            AppendLegacy(legacy, part, header.Length + position);
        }

        return new ModelHashes(
            Convert.ToHexStringLower(model.GetHashAndReset()),
            Convert.ToHexStringLower(legacy.GetHashAndReset())[..LegacyDigits]);
    }

    /// <summary>Appends what lies within the window of a part of the file that begins at a position.</summary>
    private static void AppendLegacy(IncrementalHash hash, ReadOnlySpan<byte> part, long position)
    {
        long first = Math.Clamp(LegacyStart - position, 0, part.Length);
        long last = Math.Clamp(LegacyStart + LegacyLength - position, 0, part.Length);
        hash.AppendData(part[(int)first..(int)last]);
    }
}
