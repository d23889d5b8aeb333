using System.Buffers;
using System.Text.RegularExpressions;

namespace ResizeLora.Adapters.Peft;

/// <summary>
/// A pattern of PEFT's for names of layers. PEFT takes it as a regular expression that the name fits whole, or from a point
/// on. Most are plain names, where a point matches any character.
/// </summary>
/// <remarks>https://github.com/huggingface/peft, src/peft/utils/other.py, get_pattern_key: re.match(rf"(.*\.)?({key})$", name).</remarks>
internal sealed class PeftPattern
{
    /// <summary>Longer than any that was meant; what patterns cost grows with their length.</summary>
    private const int MostCharacters = 10_000;

    private static readonly SearchValues<char> Special = SearchValues.Create(@"\*+?|{}[]()^$");

    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly Regex? _expression;

    /// <exception cref="FormatException">It is not a regular expression.</exception>
    public PeftPattern(string text)
    {
        Text = text;
        if (!IsPlain(text))
            _expression = Expression(text);
    }

    /// <summary>The pattern as it is written.</summary>
    public string Text { get; }

    /// <summary>Whether a name has no characters, other than points, that mean something else in a pattern.</summary>
    public static bool IsPlain(string name) => name.AsSpan().IndexOfAny(Special) < 0;

    /// <summary>Whether a layer's name fits.</summary>
    /// <exception cref="FormatException">Matching takes too long.</exception>
    public bool Fits(string layer)
    {
        try
        {
            return _expression?.IsMatch(layer) ?? FitsPlain(layer);
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw TooSlow(exception);
        }
    }

    /// <summary>The error of a pattern that takes too long.</summary>
    public FormatException TooSlow(Exception? inner = null) => new($"the pattern '{DisplayText.Of(Text)}' takes too long to match", inner);

    private bool FitsPlain(string layer)
    {
        int start = layer.Length - Text.Length;
        if (start < 0 || (start > 0 && layer[start - 1] != '.'))
            return false;

        for (int i = Text.Length - 1; i >= 0; i--)
        {
            if (Text[i] != layer[start + i] && Text[i] != '.')
                return false;
        }

        return true;
    }

    private static Regex Expression(string text)
    {
        if (text.Length > MostCharacters)
            throw new FormatException($"the pattern '{DisplayText.Of(text)}' has {text.Length} characters");

        // How Python writes what .NET writes otherwise.
        string translated = text.Replace("(?P<", "(?<", StringComparison.Ordinal).Replace(@"\Z", @"\z", StringComparison.Ordinal);
        try
        {
            _ = new Regex(translated, RegexOptions.CultureInvariant, LongestMatch);
            string whole = $@"\A(?:.*\.)?(?:{translated})$";
            try
            {
                // In time that grows with the name and no faster.
                return new Regex(whole, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, LongestMatch);
            }
            catch (NotSupportedException)
            {
                return new Regex(whole, RegexOptions.CultureInvariant, LongestMatch);
            }
        }
        catch (RegexParseException exception)
        {
            throw new FormatException($"the pattern '{DisplayText.Of(text)}' is not a valid regular expression: {exception.Message.TrimEnd('.')}", exception);
        }
    }
}
