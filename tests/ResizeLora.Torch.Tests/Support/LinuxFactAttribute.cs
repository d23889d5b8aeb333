namespace ResizeLora.Torch.Tests.Support;

/// <summary>A test of what only Linux does; skipped, visibly, elsewhere.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (TorchPlatform.Current?.Identifier != "linux-x64")
        {
            Skip = $"Needs linux-x64; this is {TorchPlatform.System}.";
        }
    }
}
