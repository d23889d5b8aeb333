using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>A fact about a disk that is full or broken.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        if (!SmallDisk.IsPossible)
            Skip = "Mounting a small disk needs root on Linux.";
    }
}
