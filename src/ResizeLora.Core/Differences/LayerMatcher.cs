using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints;

namespace ResizeLora.Differences;

/// <summary>Finds out which layers of two adapters change the same rows: one layer each, or one that is fused and the parts of it.</summary>
internal static class LayerMatcher
{
    /// <summary>The matches in the order of the model: one for each layer of the reference, and what only the other one has.</summary>
    public static IReadOnlyList<LayerMatch> Match(ComparedAdapter reference, IReadOnlyList<PlacedLayer> layers)
    {
        MatchedRows[] parts = [.. layers.SelectMany(Pieces).GroupBy(piece => piece.Rows.Weight).SelectMany(weight => Cut([.. weight], reference))];
        var sameRows = new Dictionary<PlacedLayer, PlacedLayer>();
        foreach (MatchedRows part in parts)
        {
            // A file that has a layer twice adds both.
            foreach (LayerRows other in Named(part).Skip(1).Where(other => FirstOf(other.Layer) != FirstOf(Named(part)[0].Layer)))
                sameRows[FirstOf(other.Layer)] = FirstOf(Named(part)[0].Layer);
        }

        return
        [
            .. parts
                .GroupBy(part => FirstOf(Named(part)[0].Layer))
                .Select(group => MatchOf([.. group]))
                .OrderBy(match => match.Named[0].Component)
                .ThenBy(match => LayerBlock.SortKey(LayerBlock.Of(match.Named[0].Name) ?? string.Empty), StringComparer.Ordinal)
                .ThenBy(match => match.Reference.Count == 0)
                .ThenBy(match => LayerBlock.SortKey(match.Named[0].Name), StringComparer.Ordinal),
        ];

        PlacedLayer FirstOf(PlacedLayer layer)
        {
            while (sameRows.TryGetValue(layer, out PlacedLayer? earlier))
                layer = earlier;
            return layer;
        }
    }

    private static IReadOnlyList<LayerRows> Named(MatchedRows part) => part.Reference.Count > 0 ? part.Reference : part.Difference;

    private static LayerMatch MatchOf(List<MatchedRows> parts)
    {
        PlacedLayer[] reference = [.. parts.SelectMany(part => part.Reference).Select(rows => rows.Layer).Distinct()];
        PlacedLayer[] difference = [.. parts.SelectMany(part => part.Difference).Select(rows => rows.Layer).Distinct()];
        PlacedLayer first = Named(parts[0])[0].Layer;
        List<MatchedRows> ordered = [.. parts.OrderBy(part => Named(part)[0].First)];

        // The layer itself where these are all of its rows: norms are known by its name.
        BaseLayer place = first.Place.Rows == parts.Sum(part => part.Rows.Count) ? first.Place : new BaseLayer([.. ordered.Select(part => part.Rows)], first.Place.Transposed);
        return new LayerMatch(reference, difference, Joined(ordered), place);
    }

    /// <summary>The pieces of a layer, each with the row of the layer that it begins with.</summary>
    private static IEnumerable<(WeightRows Rows, PlacedLayer Layer, long First)> Pieces(PlacedLayer layer)
    {
        long first = 0;
        foreach (WeightRows piece in layer.Place.Pieces)
        {
            yield return (piece, layer, first);
            first += piece.Count;
        }
    }

    /// <summary>Cuts a weight wherever a layer begins or ends.</summary>
    private static IEnumerable<MatchedRows> Cut((WeightRows Rows, PlacedLayer Layer, long First)[] pieces, ComparedAdapter reference)
    {
        long[] cuts = [.. pieces.SelectMany(piece => new[] { piece.Rows.First, piece.Rows.First + piece.Rows.Count }).Distinct().Order()];
        foreach ((long first, long end) in cuts.Zip(cuts.Skip(1)))
        {
            ILookup<bool, LayerRows> inside = pieces
                .Where(piece => piece.Rows.First <= first && end <= piece.Rows.First + piece.Rows.Count)
                .ToLookup(piece => piece.Layer.Adapter == reference, piece => new LayerRows(piece.Layer, piece.First + first - piece.Rows.First));
            if (inside.Count > 0)
                yield return new MatchedRows(new WeightRows(pieces[0].Rows.Weight, first, end - first), [.. inside[true]], [.. inside[false]]);
        }
    }

    /// <summary>Neighbours in all their layers become one part again, whatever weights they are in.</summary>
    private static List<MatchedRows> Joined(IEnumerable<MatchedRows> parts)
    {
        var joined = new List<MatchedRows>();
        foreach (MatchedRows part in parts)
        {
            if (joined is [.., { } last] && last.Continues(part))
                joined[^1] = last with { Rows = last.Rows with { Count = last.Rows.Count + part.Rows.Count } };
            else
                joined.Add(part);
        }

        return joined;
    }
}
