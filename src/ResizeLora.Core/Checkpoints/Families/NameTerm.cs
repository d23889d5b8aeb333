using System.Globalization;
using System.Text.RegularExpressions;

namespace ResizeLora.Checkpoints.Families;

/// <summary>One layer on a side of a <see cref="NameRule"/>, or some of its rows.</summary>
/// <param name="Name">Its name; null for rows without one.</param>
/// <param name="Part">Which of <paramref name="Parts"/> equal parts of its rows this is, from 0.</param>
/// <param name="Parts">Into how many parts its rows are cut.</param>
/// <param name="RowsPerInput">Rows for each input feature, where it is not just what the others leave.</param>
/// <param name="Transposed">Whether this is the transpose.</param>
internal sealed partial record NameTerm(NameTemplate? Name, int Part, int Parts, int? RowsPerInput, bool Transposed)
{
    /// <summary>Reads one side: terms with '+' between them, and a common beginning outside of brackets.</summary>
    public static IReadOnlyList<NameTerm>? ParseSide(string text)
    {
        if (CommonBeginning().Match(text) is { Success: true } common)
            text = string.Join(" + ", common.Groups["terms"].Value.Split(" + ").Select(term => common.Groups["beginning"].Value + term.Trim()));

        Match[] terms = [.. text.Split(" + ").Select(term => Term().Match(term.Trim()))];
        return terms.All(term => term.Success) ? [.. terms.Select(Of)] : null;
    }

    private static NameTerm Of(Match match) => new(
        match.Groups["name"].Value is "_" ? null : new NameTemplate(match.Groups["name"].Value),
        match.Groups["part"].Success ? Number(match.Groups["part"]) - 1 : 0,
        match.Groups["parts"].Success ? Number(match.Groups["parts"]) : 1,
        match.Groups["sized"].Success ? match.Groups["rows"].Length == 0 ? 1 : Number(match.Groups["rows"]) : null,
        match.Groups["transposed"].Success);

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<beginning>[^\s(]+)\((?<terms>[^()]+ \+ [^()]+)\)$")]
    private static partial Regex CommonBeginning();

    [GeneratedRegex(@"^(?<name>[\w.{}\-]+!?)(\[(?<part>[1-9])/(?<parts>[1-9])\])?(?<sized>:(?<rows>[1-9]?)in)?(?<transposed> \(transposed\))?$")]
    private static partial Regex Term();
}
