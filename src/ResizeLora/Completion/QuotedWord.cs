using System.Management.Automation.Language;

namespace ResizeLora.Completion;

/// <summary>A word of a command line that is being typed.</summary>
/// <param name="Typed">As the engine hands it over, with its quotes.</param>
/// <param name="Text">Without them.</param>
/// <param name="Quote">The quote that it starts with, or nothing.</param>
/// <param name="IsClosed">Whether the quote at the end was typed too.</param>
internal sealed record QuotedWord(string Typed, string Text, string Quote, bool IsClosed)
{
    public static QuotedWord Parse(string? typed, CommandAst? command)
    {
        typed ??= string.Empty;
        if (typed.Length == 0 || typed[0] is not ('\'' or '"'))
            return new QuotedWord(typed, typed, string.Empty, IsClosed: false);

        string quote = typed[..1];
        string text = typed.Length > 1 && typed.EndsWith(quote, StringComparison.Ordinal) ? typed[1..^1] : typed[1..];

        // The engine closes the quote of the word itself; only the command line tells whether it was typed.
        bool isOpen = command?.CommandElements.Any(element => element.Extent.Text == quote + text) ?? true;
        return new QuotedWord(typed, text, quote, !isOpen);
    }

    /// <summary>Another text in the quotes of this word, or in single ones where the text needs some.</summary>
    public string With(string text) => Quote.Length > 0
        ? Quote + text + Quote
        : text.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-' or ':' or '*' or '?') ? text : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
