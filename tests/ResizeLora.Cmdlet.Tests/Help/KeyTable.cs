using ResizeLora.Recipes;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>The keys of recipes as about_ResizeLora_Recipes lists them, made from their table.</summary>
internal static class KeyTable
{
    private const int Width = 80;
    private const string Indent = "    ";

    /// <summary>The lines of the table, each with its line break.</summary>
    public static string Text { get; } = string.Concat(Rows().SelectMany(Lines).Select(line => $"{Indent}{line}\n"));

    private static int KeyWidth => RecipeKey.All.Max(key => key.Name.Length) + 2;

    private static int ExampleWidth => RecipeKey.All.Max(key => Math.Max("example".Length, key.Examples[0].Length)) + 2;

    private static IEnumerable<(string Key, string Example, string Meaning)> Rows() =>
    [
        ("key", "example", "meaning"),
        (new string('-', KeyWidth - 2), new string('-', ExampleWidth - 2), new string('-', Width - Indent.Length - KeyWidth - ExampleWidth)),
        .. RecipeKey.All.Select(key => (key.Name, key.Examples[0], key.Help)),
    ];

    private static IEnumerable<string> Lines((string Key, string Example, string Meaning) row)
    {
        string start = row.Key.PadRight(KeyWidth) + row.Example.PadRight(ExampleWidth);
        string line = string.Empty;
        foreach (string word in HelpSource.Words(row.Meaning))
        {
            if (line.Length > 0 && Indent.Length + KeyWidth + ExampleWidth + line.Length + 1 + word.Length > Width)
            {
                yield return start + line;
                start = new string(' ', KeyWidth + ExampleWidth);
                line = string.Empty;
            }

            line += line.Length == 0 ? word : $" {word}";
        }

        yield return start + line;
    }
}
