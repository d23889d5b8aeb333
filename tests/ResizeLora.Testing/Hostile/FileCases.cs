using System.Buffers.Binary;
using CsCheck;

namespace ResizeLora.Testing.Hostile;

/// <summary>Bytes that may be a safetensors file: headers with data behind them, and lengths that lie.</summary>
internal static class FileCases
{
    private const int MostData = 1 << 16;

    /// <summary>What stands in the first 8 bytes, from the length that would be right.</summary>
    private static readonly Gen<Func<ulong, ulong>> Length = Gen.Frequency<Func<ulong, ulong>>(
        (20, Gen.Const<Func<ulong, ulong>>(right => right)),
        (2, Gen.OneOf<Func<ulong, ulong>>(
            right => right + 1,
            right => right - 1,
            right => right + 8,
            right => right / 2,
            right => right << 32 | right,
            _ => 0,
            _ => 1,
            _ => 100_000_000,
            _ => 100_000_001,
            _ => int.MaxValue,
            _ => uint.MaxValue,
            _ => long.MaxValue - 7,
            _ => long.MaxValue,
            _ => 1UL << 63,
            _ => ulong.MaxValue)));

    public static Gen<byte[]> Mutated { get; } = Gen.Select(
        HeaderCases.Mutated,
        Length,
        Gen.Frequency((15, Gen.Const(0)), (1, Gen.OneOf(1, -1, 8, -8))),
        Gen.Frequency((30, Gen.Const(int.MaxValue)), (1, Gen.Int[0, 40])),
        (header, length, moreData, end) =>
        {
            byte[] prefix = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, length((ulong)header.Json.Length));
            byte[] data = new byte[Math.Clamp(header.DataLength + moreData, 0, MostData)];
            byte[] file = [.. prefix, .. header.Json, .. data];
            return file[..Math.Min(end, file.Length)];
        });
}
