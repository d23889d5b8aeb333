using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints.Families;

namespace ResizeLora.Pairing;

/// <summary>
/// Which families of models an adapter may be for, by its names and the sizes of its layers alone. A checkpoint settles it for
/// certain; names may be those of several families.
/// </summary>
internal static class FamilyGuess
{
    /// <summary>Of how many layers one must be known: descriptions leave out names that all programs agree on.</summary>
    private const int LeastShare = 4;

    private static readonly ModelFamily[] Families = [.. ModelFamily.All.Where(family => family.Parts[0].Marks.Count > 0)];

    /// <summary>
    /// The families that have the most names which no other has, then the most names, and then as many blocks as the adapter;
    /// none if only few of its names are known.
    /// </summary>
    public static IReadOnlyList<string> Of(IEnumerable<AdapterLayer> layers)
    {
        (string Path, long Rows, long Columns)[] sized =
        [
            .. layers
                .Select(layer => (Key: AdapterNames.KeyOf(layer.Name), layer.Rows, layer.Columns))
                .Where(layer => layer.Key.Component is AdapterComponent.Unet or AdapterComponent.Unknown)
                .Select(layer => (layer.Key.FlatPath, layer.Rows, layer.Columns)),
        ];
        if (sized.Length == 0)
            return [];

        (string Path, long Columns)[] known = [.. sized.Select(layer => (PartNames.WithoutNumbers(layer.Path), layer.Columns))];
        (ModelFamily Family, int Blocks)[] possible =
        [
            .. Families
                .Select(family => (Family: family, Blocks: BlocksOf(family.Parts[0], sized)))
                .Where(family => family.Blocks is not null && !Contradicts(family.Family.Parts[0], known))
                .Select(family => (family.Family, family.Blocks!.Value)),
        ];
        Dictionary<string, ModelFamily[]> knowing = known
            .Select(layer => layer.Path)
            .Distinct()
            .ToDictionary(path => path, path => possible.Select(family => family.Family).Where(family => Knows(family, path)).ToArray(), StringComparer.Ordinal);
        (string Name, (int Own, int Known, int Blocks) Rank)[] ranked =
        [
            .. possible.Select(family => (family.Family.Name, (
                known.Count(layer => knowing[layer.Path] is [ModelFamily only] && only == family.Family),
                known.Count(layer => knowing[layer.Path].Contains(family.Family)),
                family.Blocks))),
        ];
        (int Own, int Known, int Blocks) best = ranked.Select(family => family.Rank).DefaultIfEmpty().Max();
        return best.Known == 0 || best.Known * LeastShare < known.Length ? [] : [.. ranked.Where(family => family.Rank == best).Select(family => family.Name)];
    }

    private static bool Knows(ModelFamily family, string path) =>
        family.Parts[0].Names.Knows(path) || MarksOf(family.Parts[0]).Any(mark => mark.Path == path);

    /// <summary>How well the blocks of an adapter agree with those of a model; null if no size of it has all of them.</summary>
    private static int? BlocksOf(ModelPart part, (string Path, long Rows, long Columns)[] layers) =>
        part.Sizes.Count == 0 ? 0 : part.Sizes.Max(size => size.Agreement(layers));

    /// <summary>Whether layers that have their width from the text encoder have it from another one.</summary>
    private static bool Contradicts(ModelPart part, (string Path, long Columns)[] known)
    {
        (string Path, long? Columns)[] sized = [.. MarksOf(part).Where(mark => mark.Columns is not null)];
        long[] widths = [.. known.Where(layer => layer.Path == PartNames.Position || sized.Any(mark => InBlock(mark.Path) == InBlock(layer.Path))).Select(layer => layer.Columns)];
        return sized.Length > 0 && widths.Length > 0 && !sized.Any(mark => widths.Contains(mark.Columns!.Value));
    }

    /// <summary>A layer's name within its block.</summary>
    private static string InBlock(string path) => path[(path.LastIndexOf(PartNames.Position, StringComparison.Ordinal) + 1)..];

    private static IEnumerable<(string Path, long? Columns)> MarksOf(ModelPart part) =>
        part.Marks.SelectMany(mark => mark.Layers).Where(layer => !layer.IsMissing).Select(layer => (PartNames.WithoutNumbers(layer.Path.Replace('.', '_')), layer.Size?.Columns)).Distinct();
}
