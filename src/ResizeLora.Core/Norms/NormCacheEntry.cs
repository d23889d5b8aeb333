namespace ResizeLora;

/// <summary>The cached norms of one checkpoint.</summary>
/// <param name="Sha256">SHA-256 of the checkpoint file: what the cache knows it by.</param>
/// <param name="Name">The checkpoint's file name when its norms were computed; for people only.</param>
/// <param name="LayerCount">How many base layers have cached norms.</param>
/// <param name="LastWriteTime">When the entry was last written to.</param>
/// <param name="Path">The cache file.</param>
public sealed record NormCacheEntry(string Sha256, string Name, int LayerCount, DateTime LastWriteTime, string Path);
