namespace ResizeLora.Commands;

/// <summary>Where Get-Help -Online finds the page of a cmdlet.</summary>
internal static class HelpPage
{
    /// <summary>The pages at the project's home, which the module manifest names; attributes ask for a constant, and a test compares.</summary>
    public const string Folder = "https://github.com/ResizeLora/ResizeLora/blob/main/docs/en-US/";
}
