using System.Globalization;
using System.Text;

namespace ResizeLora.Testing.Hostile;

/// <summary>
/// JSON after RFC 8259, read by a few lines that share nothing with the product: text becomes string, numbers stay as they
/// are written, an object is a list of members, because names may be there twice.
/// </summary>
internal sealed class ReferenceJson
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _text;
    private int _position;

    private ReferenceJson(string text) => _text = text;

    /// <summary>How deep the value was nested.</summary>
    public int Depth { get; private set; }

    /// <summary>A number as the text has it.</summary>
    public sealed record Number(string Text);

    /// <summary>true, false or null.</summary>
    public sealed record Word(string Text);

    /// <exception cref="FormatException">It is no JSON.</exception>
    public static (object Value, int Depth) Parse(byte[] json)
    {
        string text;
        try
        {
            text = Strict.GetString(json);
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("UTF-8");
        }

        var reader = new ReferenceJson(text);
        object value = reader.Value(1);
        reader.Space();
        return reader._position == text.Length ? (value, reader.Depth) : throw new FormatException("tail");
    }

    private object Value(int depth)
    {
        // As deep as serde_json goes; recursion must end somewhere.
        if (depth > 128)
            throw new FormatException("depth");

        Space();
        switch (Peek())
        {
            case '{':
                Depth = Math.Max(Depth, depth);
                return Sequence('{', '}', () =>
                {
                    Space();
                    string name = Text();
                    Space();
                    Take(':');
                    return (name, Value(depth + 1));
                });
            case '[':
                Depth = Math.Max(Depth, depth);
                return Sequence('[', ']', () => Value(depth + 1));
            case '"':
                return Text();
            case '-' or (>= '0' and <= '9'):
                return NumberValue();
            default:
                return WordValue();
        }
    }

    private List<T> Sequence<T>(char opening, char closing, Func<T> item)
    {
        var items = new List<T>();
        Take(opening);
        Space();
        if (Peek() != closing)
        {
            items.Add(item());
            for (Space(); Peek() == ','; Space())
            {
                Take(',');
                items.Add(item());
            }
        }

        Take(closing);
        return items;
    }

    private string Text()
    {
        var text = new StringBuilder();
        Take('"');
        for (char c = Next(); c != '"'; c = Next())
        {
            if (c < ' ')
                throw new FormatException("control");
            text.Append(c == '\\' ? Escape() : c);
        }

        try
        {
            _ = Strict.GetByteCount(text.ToString());
            return text.ToString();
        }
        catch (EncoderFallbackException)
        {
            throw new FormatException("surrogate");
        }
    }

    private char Escape() => Next() switch
    {
        '"' => '"',
        '\\' => '\\',
        '/' => '/',
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => Enumerable.Range(0, 4).Aggregate('\0', (value, _) => (char)((value << 4) | HexDigit())),
        _ => throw new FormatException("escape"),
    };

    private int HexDigit() => char.IsAsciiHexDigit(Peek()) ? Convert.ToInt32(Next().ToString(), 16) : throw new FormatException("hex");

    private Number NumberValue()
    {
        int start = _position;
        if (Peek() == '-')
            _position++;
        if (Peek() == '0')
            _position++;
        else
            Digits();
        if (Peek() == '.')
        {
            _position++;
            Digits();
        }

        if (Peek() is 'e' or 'E')
        {
            _position++;
            if (Peek() is '+' or '-')
                _position++;
            Digits();
        }

        // serde_json makes a number of what it passes over, too, and refuses what float64 can't hold.
        string number = _text[start.._position];
        return double.IsFinite(double.Parse(number, CultureInfo.InvariantCulture)) ? new Number(number) : throw new FormatException("range");
    }

    private void Digits()
    {
        if (!char.IsAsciiDigit(Peek()))
            throw new FormatException("digit");
        while (char.IsAsciiDigit(Peek()))
            _position++;
    }

    private Word WordValue()
    {
        string word = Array.Find(["true", "false", "null"], word => string.CompareOrdinal(_text, _position, word, 0, word.Length) == 0) ?? throw new FormatException("word");
        _position += word.Length;
        return new Word(word);
    }

    private void Space()
    {
        while (Peek() is ' ' or '\t' or '\r' or '\n')
            _position++;
    }

    private char Peek() => _position < _text.Length ? _text[_position] : '\0';

    private char Next() => _position < _text.Length ? _text[_position++] : throw new FormatException("end");

    private void Take(char expected)
    {
        if (Next() != expected)
            throw new FormatException($"no {expected}");
    }
}
