namespace ResizeLora.Recipes;

/// <summary>Numbers as keyboards, word processors and web pages write them: with other dashes for a minus, or in full width.</summary>
internal static class TypedNumber
{
    private const char FirstFullWidth = '\uFF01';
    private const char LastFullWidth = '\uFF5E';

    /// <summary>From those of ASCII to those of full width.</summary>
    private const int FullWidthOffset = 0xFEE0;

    /// <summary>The same number in ASCII.</summary>
    public static string Plain(string text) => string.Create(text.Length, text, (plain, typed) =>
    {
        for (int i = 0; i < plain.Length; i++)
            plain[i] = Plain(typed[i]);
    });

    private static char Plain(char character) => character switch
    {
        '\u2212' or '\uFE63' or (>= '\u2010' and <= '\u2015') => '-',
        >= FirstFullWidth and <= LastFullWidth => (char)(character - FullWidthOffset),
        _ => character,
    };
}
