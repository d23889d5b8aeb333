namespace ResizeLora.Core.Tests.Support;

/// <summary>A fact that Windows prevents from happening, such as another program truncating an open file.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
            Skip = "Windows does not let this happen.";
    }
}
