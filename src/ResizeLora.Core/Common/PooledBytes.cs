using System.Buffers;

namespace ResizeLora.Common;

/// <summary>Bytes in memory that is used again for the next tensor: fresh megabytes for each would cost more than reading them.</summary>
internal sealed class PooledBytes(int length) : IDisposable
{
    private byte[]? _array = ArrayPool<byte>.Shared.Rent(length);

    /// <summary>A copy of bytes.</summary>
    public static PooledBytes Copy(ReadOnlySpan<byte> bytes)
    {
        var copy = new PooledBytes(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }

    /// <summary>The bytes; not to be used after <see cref="Dispose"/>.</summary>
    public Memory<byte> Memory => new(_array ?? throw new ObjectDisposedException(nameof(PooledBytes)), 0, length);

    public Span<byte> Span => Memory.Span;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
            ArrayPool<byte>.Shared.Return(array);
    }
}
