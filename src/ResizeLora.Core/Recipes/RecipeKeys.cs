namespace ResizeLora.Recipes;

/// <summary>The words of the recipe language.</summary>
internal static class RecipeKeys
{
    public const string Threshold = "thr";
    public const string Size = "size";
    public const string Rescale = "rescale";

    /// <summary>The score weights, in the order in which a recipe prints them.</summary>
    public static readonly IReadOnlyList<(string Key, ScoreReference Reference)> Scores =
    [
        ("spn_ckpt", ScoreReference.SpnCkpt),
        ("spn_lora", ScoreReference.SpnLora),
        ("fro_ckpt", ScoreReference.FroCkpt),
        ("fro_lora", ScoreReference.FroLora),
        ("subspace", ScoreReference.Subspace),
        ("params", ScoreReference.Params),
    ];

    public static readonly IReadOnlyList<string> All =
        [.. Scores.Select(score => score.Key), Threshold, Size, Rescale];

    /// <summary>The key that a text is, whatever its case; null if it is none.</summary>
    public static string? Find(string text) => All.FirstOrDefault(key => key.Equals(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>The key that a text is, or that the parameter of New-ResizeRecipe stands for which is called so; null if there is none.</summary>
    public static string? FindParameter(string text) =>
        Find(text)
        ?? All.FirstOrDefault(key => key.Replace("_", string.Empty, StringComparison.Ordinal).Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? (text.Equals(nameof(Threshold), StringComparison.OrdinalIgnoreCase) ? Threshold : null);

    public static string KeyOf(ScoreReference reference) => Scores.First(score => score.Reference == reference).Key;

    /// <summary>What a key's weight belongs to; null for the keys that are no weights.</summary>
    public static ScoreReference? ReferenceOf(string key) =>
        Scores.Where(score => score.Key == key).Select(score => (ScoreReference?)score.Reference).FirstOrDefault();

    /// <summary>The key that somebody who wrote <paramref name="text"/> may have meant.</summary>
    public static string? Suggest(string text)
    {
        if (text.Length > 0 && All.FirstOrDefault(known => text.StartsWith(known, StringComparison.OrdinalIgnoreCase) || known.StartsWith(text, StringComparison.OrdinalIgnoreCase)) is { } related)
            return related;

        (string key, int distance) = All
            .Select(key => (key, Distance(text.ToLowerInvariant(), key)))
            .MinBy(candidate => candidate.Item2);
        return distance <= Math.Max(2, key.Length / 2) ? key : null;
    }

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string left, string right)
    {
        int[] previous = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int[] current = new int[right.Length + 1];
            current[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = previous[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
            }

            previous = current;
        }

        return previous[^1];
    }
}
