using ResizeLora.Common;

namespace ResizeLora.Checkpoints.Families;

/// <summary>
/// Two names for the same rows: the layers of one side, one below the other, are those of the other side. It holds
/// both ways, so whichever side a checkpoint has, adapters may use the names of the other.
/// </summary>
internal sealed class NameRule
{
    private NameRule(IReadOnlyList<NameTerm> from, IReadOnlyList<NameTerm> to)
    {
        From = from;
        To = to;
    }

    /// <summary>The side that a checkpoint has.</summary>
    public IReadOnlyList<NameTerm> From { get; }

    /// <summary>The side that follows.</summary>
    public IReadOnlyList<NameTerm> To { get; }

    /// <summary>The rule of an equation, in both directions.</summary>
    public static IEnumerable<NameRule> Parse(DescriptionLine line, string equation)
    {
        (string left, string right) = line.Equation(equation);
        if (NameTerm.ParseSide(left) is not { } leftTerms || NameTerm.ParseSide(right) is not { } rightTerms)
            throw line.Unclear();

        // Without a name it can't be found in a checkpoint.
        return new[] { new NameRule(leftTerms, rightTerms), new NameRule(rightTerms, leftTerms) }
            .Where(rule => rule.From.All(term => term.Name is not null));
    }

    /// <summary>The layers that follow from a tensor whose name matches the first term.</summary>
    /// <param name="path">The tensor's path.</param>
    /// <param name="find">All rows of the tensor of a path, if the checkpoint has it.</param>
    public IEnumerable<(string Path, BaseLayer Layer)> Apply(IReadOnlyList<string> path, Func<string, WeightRows?> find)
    {
        if (From[0].Name!.Match(path) is not { } values || Collect(values, find) is not { } rows || Sizes(rows) is not { } sizes)
            return [];

        var parts = new List<(string Path, int Part, IEnumerable<WeightRows> Rows)>();
        long first = 0;
        for (int i = 0; i < To.Count; i++)
        {
            if (To[i].Name is { IsRaw: false } name)
                parts.Add((name.Fill(values), To[i].Part, Cut(rows, first, sizes[i])));
            first += sizes[i];
        }

        bool transposed = From[0].Transposed || To[0].Transposed;
        return parts
            .GroupBy(part => part.Path, StringComparer.Ordinal)
            .Select(layer => (layer.Key, new BaseLayer(Joined(layer.OrderBy(part => part.Part).SelectMany(part => part.Rows)), transposed)));
    }

    /// <summary>The rows of this side; null if the checkpoint does not have them, or they have other sizes.</summary>
    private List<WeightRows>? Collect(IReadOnlyDictionary<string, string> values, Func<string, WeightRows?> find)
    {
        var rows = new List<WeightRows>();
        foreach (NameTerm term in From)
        {
            if (find(term.Name!.Fill(values)) is not { } all || all.Count % term.Parts != 0)
                return null;

            long count = all.Count / term.Parts;
            if (term.RowsPerInput is { } rowsPerInput && count != rowsPerInput * all.Columns)
                return null;

            rows.Add(all.Slice(term.Part * count, count));
        }

        return rows.TrueForAll(piece => piece.Columns == rows[0].Columns) ? rows : null;
    }

    /// <summary>How many rows each term of the other side has; null if these rows don't fit it.</summary>
    private long[]? Sizes(List<WeightRows> rows)
    {
        long columns = rows[0].Columns;
        long rest = rows.Sum(piece => piece.Count) - To.Sum(term => (term.RowsPerInput ?? 0) * columns);
        int open = To.Count(term => term.RowsPerInput is null);
        if (open == 0 ? rest != 0 : rest <= 0 || rest % open != 0)
            return null;

        return [.. To.Select(term => term.RowsPerInput * columns ?? rest / open)];
    }

    private static IEnumerable<WeightRows> Cut(List<WeightRows> rows, long first, long count)
    {
        foreach (WeightRows piece in rows)
        {
            long begin = Math.Max(first, 0);
            long end = Math.Min(first + count, piece.Count);
            if (begin < end)
                yield return piece.Slice(begin, end - begin);
            first -= piece.Count;
        }
    }

    /// <summary>Neighbours become one piece again.</summary>
    private static List<WeightRows> Joined(IEnumerable<WeightRows> rows)
    {
        var joined = new List<WeightRows>();
        foreach (WeightRows piece in rows)
        {
            if (joined is [.., { } last] && last.Weight == piece.Weight && last.First + last.Count == piece.First)
                joined[^1] = last with { Count = last.Count + piece.Count };
            else
                joined.Add(piece);
        }

        return joined;
    }
}
