using System.Buffers;
using System.Management.Automation.Language;

namespace ResizeLora.Completion;

/// <summary>A word of a command line that is being typed.</summary>
/// <param name="Typed">As the engine hands it over, with its quotes.</param>
/// <param name="Text">Without them.</param>
/// <param name="Quote">The quote that it starts with, or nothing.</param>
/// <param name="IsClosed">Whether the quote at the end was typed too.</param>
internal sealed record QuotedWord(string Typed, string Text, string Quote, bool IsClosed)
{
    /// <summary>Characters that are special inside double quotes; typographic quotes end a text too.</summary>
    private static readonly SearchValues<char> ActiveInQuotes = SearchValues.Create("`$\"\u201c\u201d\u201e");

    public static QuotedWord Parse(string? typed, CommandAst? command)
    {
        typed ??= string.Empty;
        if (typed.Length == 0 || typed[0] is not ('\'' or '"'))
            return new QuotedWord(typed, typed, string.Empty, IsClosed: false);

        string quote = typed[..1];
        string text = typed.Length > 1 && typed.EndsWith(quote, StringComparison.Ordinal) ? typed[1..^1] : typed[1..];

        // The engine closes the quote of the word itself; only the command line shows whether it was typed.
        bool isOpen = command?.CommandElements.Any(element => element.Extent.Text == quote + text) ?? true;
        return new QuotedWord(typed, text, quote, !isOpen);
    }

    /// <summary>The text of a finished word, without its quotes and escapes; null where something in it would be evaluated.</summary>
    public static string? TextOf(string word)
    {
        const string command = "x ";
        ScriptBlockAst script = Parser.ParseInput(command + word, out _, out ParseError[] errors);
        return errors.Length == 0 && script.Find(ast => ast is CommandAst, searchNestedScriptBlocks: true) is CommandAst { CommandElements: [_, StringConstantExpressionAst text] } found
            && found.Extent.Text.Length == command.Length + word.Length
                ? text.Value
                : null;
    }

    /// <summary>
    /// Another text as one word: in the quotes of this word, or in single ones where the text needs them. What is in single
    /// quotes is never evaluated, and texts may come from the files of strangers.
    /// </summary>
    public string With(string text)
    {
        if (Quote.Length == 0 && IsPlain(text))
            return text;

        return Quote == "\"" && text.AsSpan().IndexOfAny(ActiveInQuotes) < 0
            ? $"\"{text}\""
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
    }

    private static bool IsPlain(string text) =>
        text.Length > 0 && text[0] != '-' && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-' or ':' or '*' or '?');
}
