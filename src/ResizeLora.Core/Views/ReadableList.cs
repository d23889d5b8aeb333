using System.Collections.ObjectModel;
using System.Globalization;

namespace ResizeLora;

/// <summary>A list that prints what it holds instead of its type, so that a column of Export-Csv can be read.</summary>
/// <typeparam name="T">What it holds.</typeparam>
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
