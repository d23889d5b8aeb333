using System.Security.Cryptography;
using System.Text;

namespace ResizeLora.Files;

/// <summary>JSON and its SHA-256 around it: a digit that a disk or a person has changed would still be a digit.</summary>
internal static class SealedText
{
    private const string End = "}\n";

    private static readonly int StartLength = Start([]).Length;

    /// <summary>Wraps JSON.</summary>
    public static byte[] Seal(byte[] json) => [.. Encoding.UTF8.GetBytes(Start(json)), .. json, .. Encoding.UTF8.GetBytes(End)];

    /// <summary>The JSON within, or null if anything of the text is not as it was written.</summary>
    public static byte[]? Open(byte[] text)
    {
        if (text.Length < StartLength + End.Length)
            return null;

        byte[] json = text[StartLength..^End.Length];
        return text.AsSpan().SequenceEqual(Seal(json)) ? json : null;
    }

    private static string Start(byte[] json) => $"{{\"seal\": \"{Convert.ToHexStringLower(SHA256.HashData(json))}\", \"content\": ";
}
