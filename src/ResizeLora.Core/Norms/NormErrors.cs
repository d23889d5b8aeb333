namespace ResizeLora.Norms;

/// <summary>Every error about what is in the cache, worded in one place.</summary>
internal static class NormErrors
{
    /// <summary>As many digits of a hash as people are shown.</summary>
    public const int ShownDigits = 12;

    /// <summary>The least digits that are taken for a hash and not for a name.</summary>
    private const int FewestDigits = 6;

    /// <summary>Whether a text looks like a copied hash.</summary>
    public static bool LooksLikeHash(string text) => text.Length is >= FewestDigits and <= 64 && text.All(char.IsAsciiHexDigit);

    public static ResizeLoraException HashAsPath(string text) =>
        new("FileNotFound", FaultKind.NotFound, text, $"'{text}' does not exist. To name a checkpoint by its SHA-256, use -Sha256 {text}.");

    public static ResizeLoraException NoEntry(string digits) =>
        new("CacheEntryNotFound", FaultKind.NotFound, digits, $"No checkpoint in the cache has a SHA-256 that begins with '{DisplayText.Of(digits)}'. Get-SpectralNormCache lists them.");

    public static ResizeLoraException SeveralEntries(string digits, IReadOnlyList<NormCacheEntry> entries) =>
        new("CacheEntryAmbiguous", FaultKind.InvalidArgument, digits, $"Several checkpoints in the cache have a SHA-256 that begins with '{DisplayText.Of(digits)}': {string.Join(", ", entries.Select(entry => $"{entry.Sha256[..ShownDigits]} ({DisplayText.Of(entry.Name)})"))}. Give more digits.");
}
