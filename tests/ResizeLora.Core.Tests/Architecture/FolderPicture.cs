using System.Text;

namespace ResizeLora.Core.Tests.Architecture;

/// <summary>Draws which folder uses which, as a Mermaid diagram: markdown in which GitHub and editors show a picture.</summary>
internal static class FolderPicture
{
    public static string Of(FolderMap map)
    {
        ILookup<string, string> uses = map.Uses
            .Where(use => use.FromFolder != use.ToFolder)
            .Select(use => (use.FromFolder, use.ToFolder))
            .Distinct()
            .ToLookup(use => use.FromFolder, use => use.ToFolder);
        var text = new StringBuilder("```mermaid\nflowchart TD\n");
        foreach (string folder in map.Folders.Order(StringComparer.Ordinal))
        {
            foreach (string used in uses[folder].Order(StringComparer.Ordinal).Where(used => !IsImplied(uses, folder, used)))
                text.Append($"    {folder} --> {used}\n");
        }

        return text.Append("```\n").ToString();
    }

    /// <summary>Whether another folder that is used leads there too: the picture would be nothing but arrows.</summary>
    private static bool IsImplied(ILookup<string, string> uses, string folder, string used) =>
        uses[folder].Any(other => other != used && Reaches(uses, other, used));

    private static bool Reaches(ILookup<string, string> uses, string from, string to) =>
        uses[from].Any(next => next == to || Reaches(uses, next, to));
}
