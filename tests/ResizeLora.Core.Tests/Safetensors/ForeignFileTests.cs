using System.IO.Compression;
using System.Text;
using ResizeLora.Checkpoints.Formats;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Safetensors;

/// <summary>What is no model is called what it is, with what to do about it.</summary>
public sealed class ForeignFileTests : IDisposable
{
    private const string Download = "download the file again";
    private const string Convert = "convert it to safetensors";
    private const string Unpack = "Unpack it";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, byte[], string[]> Files => new()
    {
        { "style.safetensors", Utf8("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 228\n"), ["Git LFS pointer", "git lfs pull"] },
        { "style.safetensors", Utf8("/annex/objects/SHA256E-s9--0a.safetensors\n"), ["git-annex pointer", "git annex get"] },
        { "paper.pdf", [.. "%PDF-1.7\n"u8, .. new byte[64]], ["a PDF document", "Name the model"] },
        { "libtorch_cpu.so", [0x7F, .. "ELF"u8, 2, 1, 1, .. new byte[64]], ["a program or library", "Name the model"] },
        { "setup.exe", [.. "MZ"u8, .. new byte[64], .. "PE\0\0"u8, .. new byte[64]], ["a program or library"] },
        { "style.safetensors", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("Entry not found")], ["text in UTF-16", Download] },
        { "notes.txt", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("notes")], ["text in UTF-16", "Name the model"] },
        { "cfg.json", Utf8("{\"r\": 4}"), ["JSON", "Name the model"] },
        { "readme.md", Utf8("# A model"), ["text", "Name the model"] },
        { "page.html", Utf8("<html>"), ["a web page", "Name the model"] },
        { "model.safetensors.index.json", Utf8("{\"metadata\": {\"total_size\": 9},\n \"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\"}}"), ["the index of a model in several files", "name its folder", "-Checkpoint"] },
        { "style.pt", PyTorchZip("archive/data.pkl"), ["a PyTorch file", Convert] },
        { "model.ckpt", PyTorchZip("model_v1/data.pkl"), ["a PyTorch file", Convert] },
        { "old.pt", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, .. new byte[64]], ["PyTorch", Convert] },
        { "pickle.bin", [0x80, 4, 0x95, .. new byte[64]], ["pickle", Convert] },
        { "style.zip", PyTorchZip("style.safetensors"), ["a zip archive", Unpack] },
        { "arrays.npz", PyTorchZip("up.npy"), ["NumPy", Convert] },
        { "array.npy", [0x93, .. "NUMPY"u8, 1, 0, .. new byte[64]], ["NumPy", Convert] },
        { "style.gz", GZip(), ["gzip", Unpack] },
        { "style.7z", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, .. new byte[64]], ["7-Zip", Unpack] },
        { "style.rar", [.. "Rar!\x1A\x07\x01\x00"u8, .. new byte[64]], ["RAR", Unpack] },
        { "style.zst", [0x28, 0xB5, 0x2F, 0xFD, .. new byte[64]], ["Zstandard", Unpack] },
        { "style.xz", [0xFD, .. "7zXZ"u8, 0, .. new byte[64]], ["xz", Unpack] },
        { "style.tar", [.. Utf8("style.safetensors"), .. new byte[257 - 17], .. "ustar"u8, .. new byte[250]], ["tar archive", Unpack] },
        { "style.safetensors", Utf8("<!DOCTYPE html><html><head><title>Log in</title>"), ["a web page", "download has probably failed", Download] },
        { "style.safetensors", Utf8("\uFEFF \r\n<HTML>"), ["a web page", Download] },
        { "style.safetensors", Utf8("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), ["XML", Download] },
        { "style.safetensors", Utf8("{\"error\":\"Unauthorized\",\"message\":\"The creator of this asset requires you to be logged in to download it\"}"), ["JSON", "\"error\":\"Unauthorized\"", Download] },
        { "style.safetensors", Utf8("{\"data\":{\"error\": 404}}"), ["JSON", Download] },
        { "style.safetensors", Utf8("Invalid username or password."), ["text", "'Invalid username or password.'", Download] },
        { "style.safetensors", Utf8("Entry not found"), ["'Entry not found'", Download] },
        { "style.safetensors", Utf8("\u001b[31mred\u001b[0m text"), [] },
        { "model.onnx", [8, 8, 0x12, 7, .. "pytorch"u8, 0x1A, 5, .. "2.4.0"u8, .. new byte[64]], ["ONNX", Convert] },
        { "model.h5", [0x89, .. "HDF\r\n\x1A\n"u8, .. new byte[64]], ["HDF5", Convert] },
        { "preview.png", [0x89, .. "PNG\r\n\x1A\n"u8, .. new byte[64]], ["a picture", "Name the model"] },
        { "preview.jpg", [0xFF, 0xD8, 0xFF, 0xE0, .. new byte[64]], ["a picture"] },
        { "preview.webp", [.. "RIFF"u8, 1, 2, 3, 4, .. "WEBP"u8, .. new byte[64]], ["a picture"] },
        { "preview.mp4", [0, 0, 0, 0x18, .. "ftypmp42"u8, .. new byte[64]], ["a video"] },
        { "style.safetensors", new byte[4096], ["zeros", Download] },
        { "style.ggml", [.. "tjgg"u8, .. new byte[64]], ["GGML", Convert] },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Is_named_for_what_it_is(string name, byte[] content, string[] inMessage)
    {
        File.WriteAllBytes(_folder[name], content);

        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(_folder[name]), [_folder[name], .. inMessage]);
        ResizeLoraException refusal = Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(_folder[name]));
        Assert.True(name.EndsWith(".safetensors", StringComparison.Ordinal) || !refusal.Message.Contains("download", StringComparison.OrdinalIgnoreCase));
        Refusal.Of("InvalidSafetensors", () => GgufFile.OpenEither(_folder[name]), [_folder[name], .. inMessage]);
    }

    [Fact]
    public void What_it_says_is_shown_as_a_console_may_show_it()
    {
        File.WriteAllText(_folder["style.safetensors"], "\u202Eerror " + new string('x', 400));
        ResizeLoraException exception = Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(_folder["style.safetensors"]));
        Assert.InRange(exception.Message.Length, 10, 500);
        Assert.DoesNotContain('\u202E', exception.Message);
    }

    /// <summary>The length of a header may look like the beginning of anything: 559,903 bytes are gzip's, 67,324,752 are zip's.</summary>
    [Theory]
    [InlineData(0x00088B1F)]
    [InlineData(0x04034B50)]
    [InlineData(0x00000280)]
    public void A_safetensors_file_is_one_whatever_its_length_looks_like(int headerLength)
    {
        string header = "{}".PadRight(headerLength);
        string path = SampleFile.WriteRaw(_folder["style.safetensors"], header, []);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Empty(file.Header.Tensors);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(40)]
    public void A_file_of_few_bytes_is_refused(int length)
    {
        for (int first = 0; first < 256; first++)
        {
            File.WriteAllBytes(_folder["short"], [(byte)first, .. new byte[length - 1]]);
            Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(_folder["short"]), _folder["short"]);
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] PyTorchZip(string entry)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        using (Stream content = zip.CreateEntry(entry).Open())
            content.Write(new byte[100]);
        return stream.ToArray();
    }

    private static byte[] GZip()
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(new byte[1000]);
        return stream.ToArray();
    }
}
