using System.Globalization;

namespace ResizeLora.NativePatch;

/// <summary>The list of native files, with their sizes: the module looks at it before it loads one, as a file that was cut short would end the process.</summary>
internal static class NativeList
{
    /// <summary>Writes a line for each file: its size in bytes and its name.</summary>
    /// <returns>Whether the list has changed.</returns>
    public static bool Write(string list, IEnumerable<string> files)
    {
        string text = string.Concat(files
            .Select(file => new FileInfo(file))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.Name}\n")));
        if (File.Exists(list) && File.ReadAllText(list) == text)
            return false;

        File.WriteAllText(list, text);
        return true;
    }
}
