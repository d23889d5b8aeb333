namespace ResizeLora.Selection;

/// <summary>Every error about the rank options, worded in one place.</summary>
internal static class SelectionErrors
{
    public static ResizeLoraException RankIsFixed(RankLimits limits) =>
        new("RankOptionConflict", FaultKind.InvalidArgument, limits.ToString(), $"-Rank gives every layer the rank {limits.Rank}, so it can't be combined with {string.Join(" or ", limits.Given.Where(given => given.Option != nameof(RankLimits.Rank)).Select(given => "-" + given.Option))}. Leave one of them out.");

    public static ResizeLoraException NoMultipleWithinMaximum(RankLimits limits) =>
        new("RankOptionConflict", FaultKind.InvalidArgument, limits.ToString(), $"No rank is a multiple of {limits.RankMultiple} and at most {limits.MaxRank}. Raise -MaxRank to {limits.RankMultiple} or more, or lower -RankMultiple.");
}
