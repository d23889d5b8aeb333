using System.Text;
using System.Text.Unicode;

namespace ResizeLora.Safetensors;

/// <summary>Identifies files that are often mistaken for models, by their first bytes.</summary>
/// <param name="Kind">What it is called.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Fits">Whether the first bytes are such a file's.</param>
internal sealed record ForeignFile(string Kind, string Remedy, ForeignFile.Sign Fits)
{
    /// <summary>As many bytes as are looked at.</summary>
    public const int HeadLength = 512;

    private const string Convert = "Use its safetensors version, or convert it to safetensors first.";
    private const string Unpack = "Unpack it, and name the file in it.";
    private const string Download = "The download has probably failed: download the file again, logged in if its page asks for it.";
    private const string Mistake = "Name the model, not what comes with it.";
    private const string Zip = "PK\u0003\u0004";

    private static readonly string[] ModelExtensions = [".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin"];

    /// <summary>From the signs that say most to those that say least.</summary>
    private static readonly ForeignFile[] All =
    [
        new("a Git LFS pointer, not the file itself", "Run 'git lfs pull' in its folder.", At(0, "version https://git-lfs")),
        new("a git-annex pointer, not the file itself", "Run 'git annex get' for it.", head => TextOf(head).StartsWith("/annex/objects/", StringComparison.Ordinal)),
        new("a GGUF file", "A LoRA must be a safetensors file; only a checkpoint may be GGUF.", At(0, "GGUF")),
        new("a GGML file, which GGUF has replaced", Convert, At(0, "lmgg", "fmgg", "tjgg", "algg")),
        new("a PyTorch file (.pt, .ckpt, .bin)", Convert, head => At(0, Zip)(head) && Has(head, "/data.pkl")),
        new("a NumPy file", Convert, head => At(0, "\u0093NUMPY")(head) || (At(0, Zip)(head) && Has(head, ".npy"))),
        new("a zip archive", Unpack, At(0, Zip, "PK\u0005\u0006")),

        // The version of the protocol, then PyTorch's magic number, a frame, or what is made first.
        new("a PyTorch file or other Python pickle (.pt, .ckpt, .bin)", Convert, head => At(0, "\u0080")(head) && At(1, "\u0002", "\u0003", "\u0004", "\u0005")(head) && At(2, "\u008A\nl\u00FC\u009CF", "\u0095", "}", "]", "(", "c")(head)),
        new("a file compressed with gzip", Unpack, At(0, "\u001F\u008B\b")),
        new("a file compressed with Zstandard", Unpack, At(0, "(\u00B5/\u00FD")),
        new("a file compressed with xz", Unpack, At(0, "\u00FD7zXZ")),
        new("a file compressed with bzip2", Unpack, head => At(0, "BZh")(head) && At(4, "1AY&SY")(head)),
        new("a 7-Zip archive", Unpack, At(0, "7z\u00BC\u00AF'\u001C")),
        new("a RAR archive", Unpack, At(0, "Rar!\u001A\u0007")),
        new("a tar archive", Unpack, At(257, "ustar")),
        new("a picture", Mistake, head => At(0, "\u0089PNG", "\u00FF\u00D8\u00FF", "GIF8")(head) || (At(0, "RIFF")(head) && At(8, "WEBP")(head)) || At(4, "ftypavif")(head)),
        new("a video", Mistake, At(4, "ftyp")),
        new("a PDF document", Mistake, At(0, "%PDF-")),
        new("a program or library", Mistake, head => At(0, "\u007FELF")(head) || (At(0, "MZ")(head) && Has(head, "PE\0\0"))),
        new("an HDF5 file, as Keras writes it", Convert, At(0, "\u0089HDF\r\n")),

        // A protocol buffer: the version of the format, then the name of the program that wrote it.
        new("an ONNX model", Convert, head => head.Length > 6 && At(0, "\b")(head) && head[1] is >= 3 and <= 20 && At(2, "\u0012")(head) && !head[4..7].ContainsAnyExceptInRange((byte)'a', (byte)'z')),
        new("a web page", Download, head => IsPage(TextOf(head))),
        new("XML text", Download, head => TextOf(head).StartsWith('<')),
        new("the index of a model in several files, not one of them", "To use the model as a checkpoint, name its folder with -Checkpoint.", head => TextOf(head).StartsWith('{') && Has(head, "\"weight_map\"")),
        new("JSON text", Download, head => TextOf(head).StartsWith('{') || TextOf(head).StartsWith('[')),
        new("text", Download, head => TextOf(head).Length > 0),
        new("text in UTF-16", Download, At(0, "\u00FF\u00FE", "\u00FE\u00FF")),
        new("all zeros at its start", "The download was probably not finished: download the file again.", head => head.Length >= 64 && head.IndexOfAnyExcept((byte)0) < 0),
    ];

    /// <summary>The remedy for a file of this name: notes and tables with their own extension are not failed downloads.</summary>
    public string RemedyFor(string path) =>
        Remedy == Download && !Array.Exists(ModelExtensions, extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) ? Mistake : Remedy;

    /// <summary>Whether the first bytes are those of a kind of file.</summary>
    public delegate bool Sign(ReadOnlySpan<byte> head);

    /// <summary>Identifies a file by its first bytes; null if they are unknown.</summary>
    public static ForeignFile? Of(ReadOnlySpan<byte> head)
    {
        foreach (ForeignFile file in All)
        {
            if (file.Fits(head))
                return file;
        }

        return null;
    }

    /// <summary>The first line of a text, which may be a server's reason for sending no model; null for other files.</summary>
    public static string? Quote(ReadOnlySpan<byte> head)
    {
        string text = TextOf(head);
        return text.Length == 0 || text[0] == '<' ? null : text.Split('\n', 2)[0].TrimEnd();
    }

    /// <summary>Any of some bytes at a position, written as the characters that Latin-1 has for them.</summary>
    private static Sign At(int position, params string[] signatures) =>
        head =>
        {
            foreach (string signature in signatures)
            {
                if (head.Length > position && head[position..].StartsWith(Encoding.Latin1.GetBytes(signature)))
                    return true;
            }

            return false;
        };

    private static bool IsPage(string text) =>
        Array.Exists(["<!doctype html", "<html", "<head"], beginning => text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));

    private static bool Has(ReadOnlySpan<byte> head, string text) => head.IndexOf(Encoding.Latin1.GetBytes(text)) >= 0;

    /// <summary>The first bytes as text, without a byte order mark and white space; empty if they are not text.</summary>
    private static string TextOf(ReadOnlySpan<byte> head)
    {
        // The last letter may have been cut in two.
        for (int cut = 0; cut < Math.Min(4, head.Length); cut++)
        {
            if (Utf8.IsValid(head[..^cut]))
            {
                string text = Encoding.UTF8.GetString(head[..^cut]).TrimStart('\uFEFF').TrimStart();
                return text.All(c => !char.IsControl(c) || c is '\t' or '\r' or '\n') ? text : string.Empty;
            }
        }

        return string.Empty;
    }
}
