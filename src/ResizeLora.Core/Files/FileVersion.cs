namespace ResizeLora.Files;

/// <summary>A file at a time: another version of it, under the same name, is not equal.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Length">Bytes of the whole file.</param>
/// <param name="Modified">When it was last written to (UTC). Any program can set this back.</param>
/// <param name="Changed">When it last changed in any way (UTC), which programs don't set; null where the system does not say.</param>
internal sealed record FileVersion(string Path, long Length, DateTime Modified, DateTime? Changed);
