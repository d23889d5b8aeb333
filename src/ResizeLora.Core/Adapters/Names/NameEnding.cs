namespace ResizeLora.Adapters.Names;

/// <summary>How the names of tensors end. A '*' matches the name that a trainer gave the adapter, which contains no point.</summary>
internal static class NameEnding
{
    private const char AdapterMark = '*';

    /// <summary>torch's names for the tensors of a layer, which are never the name of an adapter.</summary>
    private static readonly string[] Parameters = ["weight", "bias"];

    /// <summary>Whether an ending leaves the adapter's name open.</summary>
    public static bool IsOpen(string ending) => ending.Contains(AdapterMark, StringComparison.Ordinal);

    /// <summary>The ending with the adapter's name in it.</summary>
    public static string Fill(string ending, string adapter) => IsOpen(ending) ? ending.Replace(AdapterMark.ToString(), adapter, StringComparison.Ordinal) : ending;

    /// <summary>What comes before an ending, and the adapter's name, empty if the ending has none; null if a name ends otherwise.</summary>
    public static (string Stem, string Adapter)? Split(string name, string ending)
    {
        int mark = ending.IndexOf(AdapterMark, StringComparison.Ordinal);
        if (mark < 0)
            return name.Length > ending.Length && name.EndsWith(ending, StringComparison.Ordinal) ? (name[..^ending.Length], string.Empty) : null;

        ReadOnlySpan<char> before = ending.AsSpan(0, mark);
        ReadOnlySpan<char> after = ending.AsSpan(mark + 1);
        if (!name.EndsWith(after, StringComparison.Ordinal))
            return null;

        ReadOnlySpan<char> rest = name.AsSpan(0, name.Length - after.Length);
        int adapter = rest.LastIndexOf('.') + 1;
        return adapter > before.Length && adapter < rest.Length && rest[..adapter].EndsWith(before, StringComparison.Ordinal) && !Parameters.Contains(rest[adapter..].ToString())
            ? (rest[..(adapter - before.Length)].ToString(), rest[adapter..].ToString())
            : null;
    }
}
