namespace ResizeLora.Checkpoints.Families;

/// <summary>A path with variables for the numbers in it, such as blocks.{n}.ffn.0.</summary>
internal sealed class NameTemplate(string text)
{
    private const string AnyNumber = "#";

    private readonly string[] _segments = text.Split('.');

    /// <summary>Marks the name of a tensor that does not end in .weight, and that no adapter uses.</summary>
    public const char RawMark = '!';

    public bool IsRaw => text.EndsWith(RawMark);

    /// <summary>The common form of all paths that may match: their words, with their numbers left open.</summary>
    public string Key { get; } = KeyOf(text.Split('.').Select(segment => IsVariable(segment) ? AnyNumber : segment));

    public static string KeyOf(IEnumerable<string> segments) =>
        string.Join('.', segments.Select(segment => segment.All(char.IsAsciiDigit) ? AnyNumber : segment));

    /// <summary>The values of the variables that make this path of the template; null if it is another path.</summary>
    public IReadOnlyDictionary<string, string>? Match(IReadOnlyList<string> path)
    {
        if (path.Count != _segments.Length)
            return null;

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < _segments.Length; i++)
        {
            if (!IsVariable(_segments[i]))
            {
                if (!string.Equals(path[i], _segments[i], StringComparison.Ordinal))
                    return null;
            }
            else if (!path[i].All(char.IsAsciiDigit) || !values.TryAdd(_segments[i], path[i]))
            {
                return null;
            }
        }

        return values;
    }

    /// <summary>A path with '_' for '.' that fits this template, with its points.</summary>
    public string Dotted(string flatPath)
    {
        string[] words = flatPath.Split('_');
        int next = 0;
        return string.Join('.', _segments.Select(segment => string.Join('_', words[next..(next += IsVariable(segment) ? 1 : segment.Split('_').Length)])));
    }

    /// <summary>The path with these values.</summary>
    public string Fill(IReadOnlyDictionary<string, string> values) =>
        values.Count == 0 ? text : string.Join('.', _segments.Select(segment => values.GetValueOrDefault(segment, segment)));

    public override string ToString() => text;

    private static bool IsVariable(string segment) => segment.StartsWith('{');
}
