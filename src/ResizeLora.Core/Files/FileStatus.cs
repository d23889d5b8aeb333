using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>What the system knows about a file but .NET does not expose.</summary>
/// <param name="Volume">The disk that the file is on.</param>
/// <param name="Number">The file's number there. All names of one file have the same: hard links, other cases, other mounts.</param>
/// <param name="Changed">
/// When the file last changed in any way (UTC). Every write moves it on, and unlike the time of writing no usual call sets
/// it: on Unix there is none.
/// </param>
internal sealed record FileStatus(ulong Volume, UInt128 Number, DateTime Changed)
{
    /// <summary>The status of an open file, or null where the system does not say.</summary>
    public static FileStatus? Of(SafeFileHandle handle) =>
        OperatingSystem.IsWindows() ? WindowsFiles.Status(handle)
        : OperatingSystem.IsMacOS() ? MacFiles.Status(handle)
        : OperatingSystem.IsLinux() ? LinuxFiles.Status(handle)
        : null;

    /// <summary>The status of what a path leads to, or null where there is nothing or the system does not say.</summary>
    public static FileStatus? Of(string path)
    {
        if (OperatingSystem.IsLinux())
            return LinuxFiles.Status(path);

        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return Of(handle);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether both are the same file, maybe by two names.</summary>
    public bool IsSameFile(FileStatus other) => Volume == other.Volume && Number == other.Number;
}
