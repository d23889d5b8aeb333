namespace ResizeLora.Common;

/// <summary>Finds the names that were probably meant: those that differ in the fewest letters.</summary>
internal static class SimilarNames
{
    private const int Most = 3;

    /// <summary>Longer texts are not names of layers, and comparing them would take too long.</summary>
    private const int LongestName = 200;

    /// <summary>Of a name, at most one letter in this many may differ.</summary>
    private const int LettersPerDifference = 4;

    /// <summary>The closest of some names, the closest first; none if all are too different.</summary>
    public static IReadOnlyList<string> Closest(string name, IEnumerable<string> candidates)
    {
        if (name.Length > LongestName)
            return [];

        int limit = Math.Max(1, name.Length / LettersPerDifference);
        return
        [
            .. candidates
                .Distinct(StringComparer.Ordinal)
                .Where(candidate => Math.Abs(candidate.Length - name.Length) <= limit)
                .Select(candidate => (Name: candidate, Distance: Distance(name, candidate, limit)))
                .Where(candidate => candidate.Distance <= limit)
                .OrderBy(candidate => candidate.Distance)
                .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
                .Take(Most)
                .Select(candidate => candidate.Name),
        ];
    }

    /// <summary>How many letters must be put in, taken out or changed; any number above the limit if it is above it.</summary>
    public static int Distance(string left, string right, int limit)
    {
        int[] above = [.. Enumerable.Range(0, right.Length + 1)];
        int[] row = new int[right.Length + 1];
        for (int i = 1; i <= left.Length; i++)
        {
            int least = row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int change = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(change, Math.Min(above[j], row[j - 1]) + 1);
                least = Math.Min(least, row[j]);
            }

            if (least > limit)
                return least;
            (above, row) = (row, above);
        }

        return above[right.Length];
    }
}
