namespace ResizeLora.Pairing;

/// <summary>
/// Which families of models an adapter may be for, by its names and the sizes of its layers alone. A checkpoint tells for
/// certain; names may be those of several families.
/// </summary>
internal static class FamilyGuess
{
    /// <summary>Of how many layers one must be known: descriptions leave out names that all programs agree on.</summary>
    private const int LeastShare = 4;

    private static readonly ModelFamily[] Families = [.. ModelFamily.All.Where(family => family.Parts[0].Marks.Count > 0)];

    /// <summary>The families that have the most names which no other has, and then the most names; none if that is next to nothing.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<AdapterLayer> layers)
    {
        (string Path, long Columns)[] known =
        [
            .. layers
                .Select(layer => (Key: AdapterNames.KeyOf(layer.Name), layer.Columns))
                .Where(layer => layer.Key.Component is AdapterComponent.Unet or AdapterComponent.Unknown)
                .Select(layer => (PartNames.WithoutNumbers(layer.Key.FlatPath), layer.Columns)),
        ];
        Dictionary<string, ModelFamily[]> knowing = known.Select(layer => layer.Path).Distinct().ToDictionary(path => path, path => Array.FindAll(Families, family => Knows(family, path)), StringComparer.Ordinal);
        (string Name, int Own, int Known)[] counts =
        [
            .. Families
                .Where(family => !Contradicts(family.Parts[0], known))
                .Select(family => (
                    family.Name,
                    known.Count(layer => knowing[layer.Path] is [ModelFamily only] && only == family),
                    known.Count(layer => knowing[layer.Path].Contains(family)))),
        ];
        (int Own, int Known) best = counts.Select(family => (family.Own, family.Known)).DefaultIfEmpty().Max();
        return best.Known == 0 || best.Known * LeastShare < known.Length ? [] : [.. counts.Where(family => (family.Own, family.Known) == best).Select(family => family.Name)];
    }

    private static bool Knows(ModelFamily family, string path) =>
        family.Parts[0].Names.Knows(path) || MarksOf(family.Parts[0]).Any(mark => mark.Path == path);

    /// <summary>Whether layers that have their width from the text encoder have it from another one.</summary>
    private static bool Contradicts(ModelPart part, (string Path, long Columns)[] known)
    {
        (string Path, long? Columns)[] sized = [.. MarksOf(part).Where(mark => mark.Columns is not null)];
        long[] widths = [.. known.Where(layer => layer.Path == PartNames.Position || sized.Any(mark => InBlock(mark.Path) == InBlock(layer.Path))).Select(layer => layer.Columns)];
        return sized.Length > 0 && widths.Length > 0 && !sized.Any(mark => widths.Contains(mark.Columns!.Value));
    }

    /// <summary>What a layer is called in its block, whichever block that is.</summary>
    private static string InBlock(string path) => path[(path.LastIndexOf(PartNames.Position, StringComparison.Ordinal) + 1)..];

    private static IEnumerable<(string Path, long? Columns)> MarksOf(ModelPart part) =>
        part.Marks.SelectMany(mark => mark.Layers).Select(layer => (PartNames.WithoutNumbers(layer.Path.Replace('.', '_')), layer.Columns)).Distinct();
}
