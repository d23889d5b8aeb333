using System.Globalization;
using ResizeLora.Common;

namespace ResizeLora.Checkpoints.Families;

/// <summary>Layers that only one family has, some perhaps of a known size, and layers that it does not have.</summary>
/// <param name="Layers">What must be there, or must not.</param>
internal sealed record ModelMark(IReadOnlyList<ModelMark.Layer> Layers)
{
    private const string Missing = "no";

    /// <summary>Reads paths with '&amp;' between them; a path may be followed by its size, such as 640x2048, or preceded by no.</summary>
    public static ModelMark Parse(DescriptionLine line, string text) =>
        new([.. text.Split('&', StringSplitOptions.TrimEntries).Select(layer => ParseLayer(line, layer))]);

    /// <summary>Whether all of the layers are there, and none of those that must not be.</summary>
    public bool IsIn(Func<string, WeightRows?> find) => Layers.All(layer => layer.Holds(find(layer.Path)));

    private static Layer ParseLayer(DescriptionLine line, string text) => text.Split(' ') switch
    {
        [string path] => new(path),
        [Missing, string path] => new(path) { IsMissing = true },
        [string path, string size] when size.Split('x') is [string rows, string columns] =>
            new(path) { Size = (long.Parse(rows, CultureInfo.InvariantCulture), long.Parse(columns, CultureInfo.InvariantCulture)) },
        _ => throw line.Unclear(),
    };

    /// <summary>A layer whose presence or absence identifies a model.</summary>
    internal sealed record Layer(string Path)
    {
        /// <summary>Rows and columns, where these matter.</summary>
        public (long Rows, long Columns)? Size { get; init; }

        /// <summary>Whether it must not be there.</summary>
        public bool IsMissing { get; init; }

        /// <summary>Whether it is so, with what a checkpoint has under the path.</summary>
        public bool Holds(WeightRows? weight) => IsMissing != (weight is not null && (Size is not { } size || size == (weight.Count, weight.Columns)));
    }
}
