using System.Collections;
using System.Globalization;
using System.Text;

namespace ResizeLora;

/// <summary>
/// Text from untrusted files, made safe for a console: without characters that a terminal obeys
/// or that reverse the order of text, and of limited length.
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

    /// <summary>A whole text, such as a message or a path, harmless.</summary>
    /// <param name="message">Any text.</param>
    /// <returns>The text with a question mark for each such character.</returns>
    public static string Message(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Harmless(message, int.MaxValue);
    }

    /// <summary>Several texts, such as paths, each harmless and on its own line.</summary>
    /// <param name="items">What is shown as text.</param>
    /// <returns>The lines.</returns>
    public static string Lines(IEnumerable items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return string.Join('\n', items.Cast<object?>().Select(item => Message($"{item}")));
    }

    /// <summary>Names with their values, such as settings, each pair harmless, short and on its own line.</summary>
    /// <param name="pairs">The names and values.</param>
    /// <returns>The lines.</returns>
    public static string Pairs(IReadOnlyDictionary<string, string> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        return string.Join('\n', pairs.Select(pair => Of($"{pair.Key} {pair.Value}")));
    }

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
