using System.Management.Automation;

namespace ResizeLora.Arguments;

/// <summary>Values as the shell passes them.</summary>
internal static class ShellValue
{
    /// <summary>The value itself, without the object that the shell may have put around it.</summary>
    public static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
