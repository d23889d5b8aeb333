using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace ResizeLora.Safetensors;

/// <summary>
/// Shows whether bytes are still the same: four CRC-32C sums over every fourth word, 128 bits in all. Any change of a
/// few neighbouring bytes is noticed for certain, any other but for one in 2^32 at least. It guards against accidents,
/// not against attackers, and unlike SHA-256 costs nothing beyond reading.
/// </summary>
internal struct ContentDigest
{
    private const int Lanes = 4;

    private uint _first;
    private uint _second;
    private uint _third;
    private uint _fourth;

    /// <summary>Adds bytes; how they are divided into calls is part of the digest.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ulong length = (ulong)bytes.Length;
        for (; bytes.Length >= Lanes * sizeof(ulong); bytes = bytes[(Lanes * sizeof(ulong))..])
        {
            _first = BitOperations.Crc32C(_first, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            _second = BitOperations.Crc32C(_second, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            _third = BitOperations.Crc32C(_third, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
            _fourth = BitOperations.Crc32C(_fourth, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        }

        foreach (byte last in bytes)
            _first = BitOperations.Crc32C(_first, last);
        _second = BitOperations.Crc32C(_second, length);
    }

    /// <summary>The digest, in hexadecimal digits.</summary>
    public override readonly string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_first:x8}{_second:x8}{_third:x8}{_fourth:x8}");
}
