namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>A theory about what only systems of the Unix family have.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? "Windows has nothing of the kind." : null;
}
