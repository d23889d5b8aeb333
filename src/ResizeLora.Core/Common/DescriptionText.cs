using System.Reflection;

namespace ResizeLora.Common;

/// <summary>The text files that describe families and styles: lines of words, with comments after '#'.</summary>
internal static class DescriptionText
{
    private const string Extension = ".txt";

    private static readonly Assembly Home = typeof(DescriptionText).Assembly;

    /// <summary>The names of the descriptions of a folder.</summary>
    public static IEnumerable<string> Names(string folder) => Home
        .GetManifestResourceNames()
        .Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal) && name.LastIndexOf('/') == folder.Length)
        .Select(name => name[(folder.Length + 1)..^Extension.Length])
        .Order(StringComparer.Ordinal);

    /// <summary>The lines of a description that say something.</summary>
    public static IReadOnlyList<DescriptionLine> Lines(string folder, string name)
    {
        using Stream stream = Home.GetManifestResourceStream($"{folder}/{name}{Extension}") ?? throw new FormatException($"There is no description '{folder}/{name}'.");
        using var reader = new StreamReader(stream);
        var lines = new List<DescriptionLine>();
        for (int number = 1; reader.ReadLine() is { } text; number++)
        {
            string content = text.Split('#', 2)[0].Trim();
            if (content.Length > 0)
                lines.Add(new DescriptionLine(content, $"{folder}/{name}{Extension}:{number}"));
        }

        return lines;
    }

    /// <summary>The words, separated by spaces.</summary>
    public static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>One line of a description.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Place">Where it is, for messages.</param>
internal sealed record DescriptionLine(string Text, string Place)
{
    /// <summary>The rest of a line that begins with a word; null if it begins with another one.</summary>
    public string? After(string word) =>
        Text.StartsWith(word + " ", StringComparison.Ordinal) ? Text[(word.Length + 1)..].Trim() : null;

    /// <summary>The two sides of an equation.</summary>
    public (string Left, string Right) Equation(string text) =>
        text.Split(" = ") is [string left, string right] ? (left.Trim(), right.Trim()) : throw Unclear();

    public FormatException Unclear() => new($"{Place}: '{Text}' can't be understood.");
}
