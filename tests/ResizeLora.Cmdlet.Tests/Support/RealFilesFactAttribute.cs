using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>A test that needs files trained by others; it says that it is skipped where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealFilesFactAttribute : FactAttribute
{
    public RealFilesFactAttribute() => Skip = SkipReason;

    internal static string? SkipReason => Directory.Exists(TestPaths.RealFiles) ? null : $"The real LoRAs are not in {TestPaths.RealFiles}.";
}

/// <summary>As <see cref="RealFilesFactAttribute"/>, for theories.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealFilesTheoryAttribute : TheoryAttribute
{
    public RealFilesTheoryAttribute() => Skip = RealFilesFactAttribute.SkipReason;
}
