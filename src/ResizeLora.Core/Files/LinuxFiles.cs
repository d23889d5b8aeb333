using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>statx, whose structure is the same on every processor, and renameat2.</summary>
internal static partial class LinuxFiles
{
    private const int CurrentFolder = -100;
    private const int OfTheHandle = 0x1000;
    private const uint ChangeTime = 0x80;
    private const uint Number = 0x100;
    private const uint Exchange = 2;

    public static FileStatus? Status(SafeFileHandle handle)
    {
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            return Status((int)handle.DangerousGetHandle(), string.Empty, OfTheHandle);
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    public static FileStatus? Status(string path) => Status(CurrentFolder, path, 0);

    /// <summary>Gives two paths each what the other one leads to, in one step.</summary>
    /// <returns>False where the system or the file system can't.</returns>
    public static bool TryExchange(string left, string right)
    {
        try
        {
            return Renameat2(CurrentFolder, left, CurrentFolder, right, Exchange) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            // Older C libraries don't know the call.
            return false;
        }
    }

    private static FileStatus? Status(int folder, string path, int flags)
    {
        const uint wanted = ChangeTime | Number;
        return Statx(folder, path, flags, wanted, out StatxResult result) == 0 && (result.Mask & wanted) == wanted
            ? new FileStatus(((ulong)result.DeviceMajor << 32) | result.DeviceMinor, result.Number, UnixFiles.Time(result.ChangedSeconds, result.ChangedNanoseconds))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out StatxResult result);

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Renameat2(int leftFolder, string left, int rightFolder, string right, uint flags);

    /// <summary>The fields of struct statx that are used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxResult
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(96)]
        public long ChangedSeconds;

        [FieldOffset(104)]
        public uint ChangedNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
