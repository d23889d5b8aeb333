namespace ResizeLora.Files;

/// <summary>The one error that time may mend: another process has the file open.</summary>
internal static class SharingViolation
{
    private const int Windows = unchecked((int)0x80070020);
    private const int Linux = 11;
    private const int MacOS = 35;

    public static bool Is(IOException exception) => exception.HResult ==
        (OperatingSystem.IsWindows() ? Windows : OperatingSystem.IsMacOS() ? MacOS : Linux);
}
