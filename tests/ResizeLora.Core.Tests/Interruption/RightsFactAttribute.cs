namespace ResizeLora.Core.Tests.Interruption;

/// <summary>A fact about the rights of files.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RightsFactAttribute : FactAttribute
{
    public RightsFactAttribute()
    {
        if (!HostProcess.CanLackRights)
            Skip = "Here no process can be started that lacks a right to a file.";
    }
}
