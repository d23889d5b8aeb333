namespace ResizeLora.Core.Tests.Support;

/// <summary>A theory about what Windows prevents from happening.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute()
    {
        if (OperatingSystem.IsWindows())
            Skip = "Windows does not let this happen.";
    }
}
