using System.Buffers.Binary;

namespace ResizeLora.NativePatch;

/// <summary>The bytes of a file, little-endian; every access is checked against the end of the file.</summary>
internal sealed class ElfBytes(byte[] bytes)
{
    public ReadOnlySpan<byte> Slice(ulong offset, ulong length)
    {
        if (offset > (ulong)bytes.Length || length > (ulong)bytes.Length - offset)
        {
            throw new InvalidDataException($"it ends at byte {bytes.Length}, but {length} bytes at {offset} are needed.");
        }

        return bytes.AsSpan((int)offset, (int)length);
    }

    public ushort UInt16(ulong offset) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(offset, sizeof(ushort)));

    public uint UInt32(ulong offset) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(offset, sizeof(uint)));

    public ulong UInt64(ulong offset) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(offset, sizeof(ulong)));

    public void Write(ulong offset, ReadOnlySpan<byte> value)
    {
        Slice(offset, (ulong)value.Length);
        value.CopyTo(bytes.AsSpan((int)offset));
    }

    public void WriteUInt32(ulong offset, uint value)
    {
        Span<byte> buffer = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, value);
        Write(offset, buffer);
    }
}
