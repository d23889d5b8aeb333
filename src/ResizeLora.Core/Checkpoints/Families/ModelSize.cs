using System.Globalization;
using ResizeLora.Common;

namespace ResizeLora.Checkpoints.Families;

/// <summary>How large a model of a family is, which distinguishes it from models of other families with the same names.</summary>
/// <param name="Width">The features that its blocks pass on.</param>
/// <param name="LastBlocks">The last block of each kind.</param>
internal sealed record ModelSize(long Width, IReadOnlyList<(string Kind, int Number)> LastBlocks)
{
    /// <summary>Reads a width and the last blocks, such as 3072 = double_blocks.18 single_blocks.37.</summary>
    public static ModelSize Parse(DescriptionLine line, string text)
    {
        (string width, string blocks) = line.Equation(text);
        return new ModelSize(
            long.Parse(width, CultureInfo.InvariantCulture),
            [.. DescriptionText.Words(blocks).Select(block => (block[..block.IndexOf('.', StringComparison.Ordinal)], int.Parse(block[(block.IndexOf('.', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture)))]);
    }

    /// <summary>Of how many kinds of blocks an adapter has the last one; null if it can't be for this size.</summary>
    /// <param name="layers">The paths of its layers, with '_' for '.', and their rows and columns.</param>
    public int? Agreement(IReadOnlyCollection<(string Path, long Rows, long Columns)> layers)
    {
        (int Last, int Highest)[] blocks = [.. LastBlocks.Select(block => (block.Number, layers.Max(layer => NumberIn(layer.Path, block.Kind + '_'))))];
        return Array.TrueForAll(blocks, block => block.Highest <= block.Last) && layers.Any(layer => layer.Rows == Width || layer.Columns == Width)
            ? blocks.Count(block => block.Highest == block.Last)
            : null;
    }

    private static int NumberIn(string path, string kind)
    {
        if (!path.StartsWith(kind, StringComparison.Ordinal))
            return -1;

        string digits = path[kind.Length..].Split('_', 2)[0];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
    }
}
