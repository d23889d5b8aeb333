namespace ResizeLora.Safetensors;

/// <summary>A file at a time: another version of it, under the same name, is not equal.</summary>
internal sealed record FileVersion(string Path, long Length, DateTime Modified);
