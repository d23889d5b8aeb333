using System.Security.Cryptography;
using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>Computes the hashes of a file while it is being written, following behind what is complete.</summary>
internal sealed class ModelHasher : IDisposable
{
    private const int LegacyStart = 0x100000;
    private const int LegacyLength = 0x10000;
    private const int BlockSize = 1 << 20;

    private readonly SafetensorsWriter _written;
    private readonly PooledBytes _block = new(BlockSize);
    private readonly IncrementalHash _model = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _legacy = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly int _legacyHeaderLength;
    private long _position;

    public ModelHasher(SafetensorsWriter written, SafetensorsLayout layout, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        _written = written;
        byte[] header = layout.Header([.. metadata.Where(pair => pair.Key.StartsWith("ss_", StringComparison.Ordinal))]);
        _legacyHeaderLength = header.Length;
        AppendLegacy(header, 0);
    }

    /// <summary>Takes in the bytes of the tensors up to an offset: they are written and stay as they are.</summary>
    public void AdvanceTo(long end, CancellationToken cancellation)
    {
        while (_position < end)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> part = _block.Span[..(int)Math.Min(BlockSize, end - _position)];
            _written.ReadBack(_position, part);
            _model.AppendData(part);
            AppendLegacy(part, _legacyHeaderLength + _position);
            _position += part.Length;
        }
    }

    public ModelHashes Finish() => new(
        Convert.ToHexStringLower(_model.GetHashAndReset()),
        Convert.ToHexStringLower(_legacy.GetHashAndReset())[..ModelHashes.LegacyDigits]);

    public void Dispose()
    {
        _block.Dispose();
        _model.Dispose();
        _legacy.Dispose();
    }

    /// <summary>Appends the bytes of a part of the file, beginning at a position, that fall into the window.</summary>
    private void AppendLegacy(ReadOnlySpan<byte> part, long position)
    {
        long first = Math.Clamp(LegacyStart - position, 0, part.Length);
        long last = Math.Clamp(LegacyStart + LegacyLength - position, 0, part.Length);
        _legacy.AppendData(part[(int)first..(int)last]);
    }
}
