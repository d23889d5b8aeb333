using System.Collections.ObjectModel;
using System.Globalization;

namespace ResizeLora;

/// <summary>A list that prints its items instead of its type, so that a column of Export-Csv can be read.</summary>
/// <typeparam name="T">The type of its items.</typeparam>
internal sealed class ReadableList<T> : ReadOnlyCollection<T>
{
    private readonly char _separator;

    public ReadableList(IEnumerable<T> items, char separator)
        : base([.. items]) => _separator = separator;

    /// <summary>The items as text in the invariant culture.</summary>
    /// <returns>All items in one line.</returns>
    public override string ToString() =>
        string.Join(_separator, this.Select(item => Convert.ToString(item, CultureInfo.InvariantCulture)));
}

/// <summary>Paths as a list that prints them in one line, and the way back from that line.</summary>
internal static class ReadablePaths
{
    /// <summary>No path contains it on Windows, and hardly any elsewhere.</summary>
    private const char Separator = '|';

    public static IReadOnlyList<string> Of(IEnumerable<string> paths) => new ReadableList<string>(paths, Separator);

    public static IReadOnlyList<string> Parse(string text) => Of(text.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
