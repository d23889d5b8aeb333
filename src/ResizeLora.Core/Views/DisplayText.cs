using System.Globalization;
using System.Text;

namespace ResizeLora;

/// <summary>
/// Text from files that anybody may have made, as a console may show it: without characters that a terminal obeys
/// or that turn the order of text round, and not longer than anybody reads.
/// </summary>
public static class DisplayText
{
    private const int Limit = 160;

    /// <summary>A name, harmless and short.</summary>
    /// <param name="name">Any text.</param>
    /// <returns>The text with a question mark for each such character, cut where it is long.</returns>
    public static string Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Harmless(name, Limit);
    }

    /// <summary>Whether a text can be shown as it is.</summary>
    internal static bool IsHarmless(string text) => !text.EnumerateRunes().Any(IsObeyed);

    /// <summary>A whole message, harmless.</summary>
    internal static string Message(string message) => Harmless(message, int.MaxValue);

    private static string Harmless(string text, int limit)
    {
        var harmless = new StringBuilder(Math.Min(text.Length, limit));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (harmless.Length >= limit)
                return harmless.Append('…').ToString();

            harmless.Append(IsObeyed(rune) ? "?" : rune.ToString());
        }

        return harmless.ToString();
    }

    private static bool IsObeyed(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
