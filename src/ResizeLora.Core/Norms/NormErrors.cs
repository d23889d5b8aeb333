namespace ResizeLora.Norms;

/// <summary>Every error about what is in the cache, worded in one place.</summary>
internal static class NormErrors
{
    private const int ShownDigits = 12;

    public static ResizeLoraException NoEntry(string digits) =>
        new("CacheEntryNotFound", FaultKind.NotFound, digits, $"No checkpoint in the cache has a SHA-256 that begins with '{DisplayText.Of(digits)}'. Get-SpectralNormCache lists them.");

    public static ResizeLoraException SeveralEntries(string digits, IReadOnlyList<NormCacheEntry> entries) =>
        new("CacheEntryAmbiguous", FaultKind.InvalidArgument, digits, $"Several checkpoints in the cache have a SHA-256 that begins with '{DisplayText.Of(digits)}': {string.Join(", ", entries.Select(entry => $"{entry.Sha256[..ShownDigits]} ({DisplayText.Of(entry.Name)})"))}. Give more digits.");
}
