namespace ResizeLora.NativePatch;

/// <summary>Writes the patched copy of a library, whole or not at all.</summary>
internal static class PatchedFile
{
    /// <returns>Whether the copy differs from the source.</returns>
    /// <exception cref="InvalidDataException">The source is not as expected; nothing was written.</exception>
    public static bool Write(string source, string destination)
    {
        byte[] bytes = File.ReadAllBytes(source);
        bool changed = VersionPatch.Apply(bytes);

        string target = Path.GetFullPath(destination);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);

        // A new file moved into place, not bytes written into the old one: a session may have that one mapped.
        string temporary = $"{target}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return changed;
    }
}
