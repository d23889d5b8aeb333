using System.Globalization;

namespace ResizeLora.Pairing;

/// <summary>Layers that only one family has, some perhaps of a known size.</summary>
/// <param name="Layers">Their paths, and rows and columns where these matter.</param>
internal sealed record ModelMark(IReadOnlyList<(string Path, long? Rows, long? Columns)> Layers)
{
    /// <summary>Reads paths with '&amp;' between them; a path may be followed by its size, such as 640x2048.</summary>
    public static ModelMark Parse(DescriptionLine line, string text) =>
        new([.. text.Split('&', StringSplitOptions.TrimEntries).Select(layer => ParseLayer(line, layer))]);

    /// <summary>Whether all of the layers are there.</summary>
    public bool IsIn(Func<string, WeightRows?> find) => Layers.All(layer =>
        find(layer.Path) is { } weight
        && (layer.Rows is null || (weight.Count == layer.Rows && weight.Columns == layer.Columns)));

    private static (string Path, long? Rows, long? Columns) ParseLayer(DescriptionLine line, string text) => text.Split(' ') switch
    {
        [string path] => (path, null, null),
        [string path, string size] when size.Split('x') is [string rows, string columns] =>
            (path, long.Parse(rows, CultureInfo.InvariantCulture), long.Parse(columns, CultureInfo.InvariantCulture)),
        _ => throw line.Unclear(),
    };
}
