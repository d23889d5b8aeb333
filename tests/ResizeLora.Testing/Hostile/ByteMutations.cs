using CsCheck;

namespace ResizeLora.Testing.Hostile;

/// <summary>One change to bytes that know nothing of their meaning.</summary>
internal delegate byte[] ByteMutation(byte[] bytes);

/// <summary>What happens to files on bad disks, in broken downloads and in the hands of fuzzers.</summary>
internal static class ByteMutations
{
    /// <summary>Bytes that mean something to JSON or to UTF-8: quotes, brackets, NUL, a BOM, overlong forms, an encoded surrogate.</summary>
    private static readonly Gen<byte[]> Token = Gen.OneOf<byte[]>(
        [0], [0xFF], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0x1B],
        [.. "\""u8], [.. "\\"u8], [.. "{"u8], [.. "}"u8], [.. "["u8], [.. "]"u8], [.. ","u8], [.. ":"u8], [.. "-"u8], [.. "9"u8], [.. "\\ud800"u8], [.. "e400"u8]);

    /// <summary>Any of them, where <paramref name="other"/> are bytes of the same kind to splice with.</summary>
    public static Gen<ByteMutation> Any(Gen<byte[]> other) => Gen.Frequency(
        (4, Gen.Select(Gen.UInt, Gen.Int[0, 7], Flip)),
        (4, Gen.Select(Gen.UInt, Gen.Byte, Set)),
        (4, Gen.Select(Gen.UInt, Token, Insert)),
        (3, Gen.Select(Gen.UInt, Gen.Int[1, 40], Delete)),
        (2, Gen.Select(Gen.UInt, Truncate)),
        (2, Gen.Select(Gen.UInt, Gen.Int[1, 200], Gen.UInt, Repeat)),
        (1, Gen.Select(Gen.UInt, Gen.UInt, other, Splice)));

    private static ByteMutation Flip(uint place, int bit) => bytes => At(bytes, place, i => bytes[i] ^= (byte)(1 << bit));

    private static ByteMutation Set(uint place, byte value) => bytes => At(bytes, place, i => bytes[i] = value);

    private static ByteMutation Insert(uint place, byte[] token) => bytes =>
    {
        int i = (int)(place % (bytes.Length + 1));
        return [.. bytes[..i], .. token, .. bytes[i..]];
    };

    private static ByteMutation Delete(uint place, int count) => bytes =>
    {
        int i = (int)(place % (bytes.Length + 1));
        return [.. bytes[..i], .. bytes[Math.Min(bytes.Length, i + count)..]];
    };

    private static ByteMutation Truncate(uint place) => bytes => bytes[..(int)(place % (bytes.Length + 1))];

    private static ByteMutation Repeat(uint from, int count, uint to) => bytes =>
    {
        int start = (int)(from % (bytes.Length + 1));
        return Insert(to, bytes[start..Math.Min(bytes.Length, start + count)])(bytes);
    };

    private static ByteMutation Splice(uint head, uint tail, byte[] other) =>
        bytes => [.. bytes[..(int)(head % (bytes.Length + 1))], .. other[(int)(tail % (other.Length + 1))..]];

    private static byte[] At(byte[] bytes, uint place, Action<int> change)
    {
        if (bytes.Length > 0)
            change((int)(place % bytes.Length));
        return bytes;
    }
}
