using System.Text;
using ResizeLora.Files;

namespace ResizeLora.Testing;

/// <summary>Cache files as only the cache itself would write them.</summary>
internal static class SealedFile
{
    public static void Write(string path, string content) => File.WriteAllBytes(path, SealedText.Seal(Encoding.UTF8.GetBytes(content)));

    public static void Edit(string path, Func<string, string> edit) =>
        Write(path, edit(Encoding.UTF8.GetString(SealedText.Open(File.ReadAllBytes(path))!)));
}
