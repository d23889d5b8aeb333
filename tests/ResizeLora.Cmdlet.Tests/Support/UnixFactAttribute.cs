namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>A fact about what only Unix lets tests do.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
            Skip = "Windows does not let tests do this.";
    }
}
